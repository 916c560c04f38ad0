// How long to wait before connecting again: doubling, with jitter, so that many clients of a server
// that came back do not return at once.
#pragma once

#include <algorithm>
#include <cstdint>

#include "lib/base/time.h"

namespace mqz::backend {

class Backoff {
 public:
  Backoff(Millis first, Millis most) : first_(first), most_(most), next_(first) {}

  // Between half and the whole of the current step; `random` is any 64 random bits.
  Millis take(std::uint64_t random) {
    const Millis step = std::min(next_, most_);
    next_ = std::min(next_ * 2, most_);
    const std::int64_t half = step.count() / 2;
    return Millis(step.count() -
                  static_cast<std::int64_t>(random % static_cast<std::uint64_t>(half + 1)));
  }
  void reset() { next_ = first_; }

 private:
  Millis first_;
  Millis most_;
  Millis next_;
};

}  // namespace mqz::backend
