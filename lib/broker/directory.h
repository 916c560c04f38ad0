// Which shard has the session of a client id. The front (the first shard) owns it, so a CONNECT
// finds its session wherever it lives, and two connections of one id always meet on one shard.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "lib/broker/mail.h"

namespace mqz::broker {

class Directory {
 public:
  struct Place {
    ShardIndex shard = 0;
    std::uint64_t claim = 0;
  };
  // The newest use of a client id; `fresh_shard` is where a new session would go.
  Place claim(std::string_view client_id, ShardIndex fresh_shard);
  // As an earlier life of the broker left it. Where the client id's session is: `shard` if it has
  // none yet.
  ShardIndex restore(std::string_view client_id, ShardIndex shard, std::uint64_t claim);
  // Claims are given behind this one.
  void restore_last(std::uint64_t claim) { last_claim_ = std::max(last_claim_, claim); }
  std::uint64_t last_claim() const { return last_claim_; }
  bool contains(std::string_view client_id) const {
    return entries_.find(client_id) != entries_.end();
  }
  void end(const SessionEndMail& mail);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t claim = 0;
    ShardIndex shard = 0;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, Entry, TextHash, std::equal_to<>> entries_{};
  std::uint64_t last_claim_ = 0;
};

}  // namespace mqz::broker
