// Deadlines of one shard, to the millisecond. An entry is void when what it points at has gone or
// has another deadline by then, so a packet that moves a keep-alive costs nothing here. Void ones
// are thrown out when there are many of them: a storm of connections leaves nothing behind.
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

  // Throws out what is_void(timer) names, if there may be many; once per turn.
  template <typename IsVoid>
  void tidy(IsVoid&& is_void) {
    if (heap_.size() < crowded_) return;
    std::erase_if(heap_, is_void);
    heap_.shrink_to_fit();
    std::ranges::make_heap(heap_, later);
    crowded_ = std::max(crowded_min, 2 * heap_.size());
  }
  std::size_t size() const { return heap_.size(); }

 private:
  static constexpr std::size_t crowded_min = 4096;
  static bool later(const Timer& a, const Timer& b) { return a.due > b.due; }
  std::vector<Timer> heap_{};
  std::size_t crowded_ = crowded_min;
};

}  // namespace mqz::broker
