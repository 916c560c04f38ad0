// Queues of sessions that have ended, on their way out of memory: to free a long one takes a while,
// so it is done in pieces. By the records they are gone already.
#pragma once

#include <cstddef>
#include <deque>

#include "lib/broker/send_queue.h"

namespace mqz::broker {

class DyingQueues {
 public:
  explicit DyingQueues(std::size_t entries_a_turn)
      : entries_a_turn_(entries_a_turn), left_(entries_a_turn) {}

  // Freed at once as far as the turn allows.
  void add(SendQueue queue);
  bool has_work() const { return !queues_.empty(); }
  // Once a turn.
  void step();
  // Entries that are still in memory.
  std::size_t entry_count() const;

 private:
  void free_some();

  std::size_t entries_a_turn_;
  std::size_t left_;  // of this turn
  std::deque<SendQueue> queues_{};
};

}  // namespace mqz::broker
