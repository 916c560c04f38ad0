// Messages of queues in a snapshot that do not read, without those that the records behind it have
// settled since: what a broker that opens the store would miss.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "lib/broker/record.h"
#include "lib/broker/session_ledger.h"
#include "lib/broker/store_walk.h"

namespace mqz::broker {

class UnreadableMessages {
 public:
  struct One {
    storage::Address address{};  // of its record
    bool is_missing = false;     // with its segment
    bool may_pass = false;       // somebody has accepted it
    std::uint64_t stamp = 0;     // older records are in the queue
  };

  void add(const UnreadableMessage& message);
  // In the order of the journal.
  void note(const Record& record);
  // Behind the last record: forgets those of sessions that have ended.
  void end(const SessionLedger& ledger);
  // By the session's number and the position in its queue.
  const std::map<std::pair<std::uint64_t, std::uint64_t>, One>& all() const { return all_; }

 private:
  void forget(std::uint64_t number, std::uint64_t in_queue, std::uint64_t position);

  std::map<std::pair<std::uint64_t, std::uint64_t>, One> all_{};
};

}  // namespace mqz::broker
