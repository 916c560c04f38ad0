// The broker's own clock. It goes on with the system's monotonic clock alone, so that a step of the
// wall clock while the broker runs (NTP, a person) changes no deadline. What is durable says how
// far the system's wall clock is ahead of it, and the next life of the broker goes on from there:
// the time in between counts as far as the system's clock tells, and never backwards.
//
// A Now of it has one scale: both points are the same number. So a deadline that is decoded with
// Now{}, before it is known how late it is, is the same point.
#pragma once

#include <optional>

#include "lib/base/time.h"
#include "lib/broker/record.h"

namespace mqz::broker {

class BrokerClock {
 public:
  // A step below this is the system's own correction, and is not told.
  static constexpr Millis step_min{1000};
  // No clock is beyond: the year 10000. What was kept, or is read, may say anything.
  static constexpr WallTime latest{Millis(253'402'300'800'000)};

  static Millis bounded(Millis offset);

  BrokerClock() = default;
  // Goes on from what was kept; `system` has the system's clocks.
  BrokerClock(const ClockRecord& kept, Now system);

  // Any thread.
  Now at(MonoTime system) const;
  // One thread. What is to be kept, when the system's wall clock was stepped since it was last so.
  std::optional<ClockRecord> note(Now system);

 private:
  Millis ahead_{};   // of the system's monotonic clock; fixed
  Millis offset_{};  // as it was told last
};

}  // namespace mqz::broker
