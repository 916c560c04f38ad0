// Deadlines of one shard, to the millisecond. An entry is void when what it points at has gone or
// has another deadline by then, so nothing is ever removed: a packet that moves a keep-alive costs
// nothing here.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "lib/base/slots.h"
#include "lib/base/time.h"

namespace mqz::broker {

enum class TimerKind : std::uint8_t { connection, session_expiry, will, retained, sys };

struct Timer {
  MonoTime due{};
  SlotId object{};
  TimerKind kind{};
};

class Timers {
 public:
  void add(Timer timer) {
    heap_.push_back(timer);
    std::ranges::push_heap(heap_, later);
  }
  std::optional<MonoTime> next() const {
    return heap_.empty() ? std::nullopt : std::optional(heap_.front().due);
  }
  // The earliest timer that is due, removed.
  std::optional<Timer> take(MonoTime now) {
    if (heap_.empty() || heap_.front().due > now) return std::nullopt;
    std::ranges::pop_heap(heap_, later);
    const Timer timer = heap_.back();
    heap_.pop_back();
    return timer;
  }

 private:
  static bool later(const Timer& a, const Timer& b) { return a.due > b.due; }
  std::vector<Timer> heap_{};
};

}  // namespace mqz::broker
