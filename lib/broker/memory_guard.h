// Says when the process has more memory than it may have: then publishers are not read until there
// is room again. One per loop; it measures seldom, so a limit may be passed by what comes in
// between.
#pragma once

#include <cstddef>

#include "lib/base/time.h"

namespace mqz::broker {

class MemoryGuard {
 public:
  // Every so many bytes read, or after this time.
  static constexpr std::size_t measure_bytes = 4U << 20U;
  static constexpr Millis measure_interval{50};

  // No limit: 0. `measure` tells the bytes that are resident.
  MemoryGuard(std::size_t limit, std::size_t (*measure)()) : limit_(limit), measure_(measure) {}

  void note_read(std::size_t bytes) { read_ += bytes; }
  // Measures if it is time to. What has been over the limit is over until it is a sixteenth below.
  bool is_over(MonoTime now) {
    if (limit_ == 0) return false;
    if (read_ < measure_bytes && now - measured_ < measure_interval) return over_;
    read_ = 0;
    measured_ = now;
    over_ = measure_() > (over_ ? limit_ - limit_ / 16 : limit_);
    return over_;
  }

 private:
  std::size_t limit_;
  std::size_t (*measure_)();
  std::size_t read_ = 0;
  MonoTime measured_{};
  bool over_ = false;
};

}  // namespace mqz::broker
