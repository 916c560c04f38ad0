#include "lib/broker/directory.h"

#include <algorithm>

namespace mqz::broker {

Directory::Place Directory::claim(std::string_view client_id, ShardIndex fresh_shard) {
  auto at = entries_.find(client_id);
  if (at == entries_.end()) {
    at = entries_.emplace(client_id, Entry{.shard = fresh_shard}).first;
  }
  at->second.claim = ++last_claim_;
  return {at->second.shard, last_claim_};
}

ShardIndex Directory::restore(std::string_view client_id, ShardIndex shard, std::uint64_t claim) {
  const auto at = entries_.try_emplace(std::string(client_id), Entry{.shard = shard}).first;
  at->second.claim = claim;
  last_claim_ = std::max(last_claim_, claim);
  return at->second.shard;
}

void Directory::end(const SessionEndMail& mail) {
  const auto at = entries_.find(mail.client_id);
  if (at != entries_.end() && at->second.claim == mail.claim) entries_.erase(at);
}

}  // namespace mqz::broker
