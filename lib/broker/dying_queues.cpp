#include "lib/broker/dying_queues.h"

#include <utility>

namespace mqz::broker {

void DyingQueues::add(SendQueue queue) {
  if (queue.empty()) return;
  queues_.push_back(std::move(queue));
  free_some();
}

void DyingQueues::step() {
  left_ = entries_a_turn_;
  free_some();
}

void DyingQueues::free_some() {
  while (!queues_.empty() && left_ > 0) {
    left_ -= queues_.front().free_first(left_);
    if (queues_.front().empty()) queues_.pop_front();
  }
}

std::size_t DyingQueues::entry_count() const {
  std::size_t count = 0;
  for (const SendQueue& queue : queues_) count += queue.size();
  return count;
}

}  // namespace mqz::broker
