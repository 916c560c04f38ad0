#include "lib/broker/broker_clock.h"

#include <algorithm>

namespace mqz::broker {
namespace {

constexpr WallTime earliest{};

WallTime within(WallTime time) { return std::clamp(time, earliest, BrokerClock::latest); }

}  // namespace

Millis BrokerClock::bounded(Millis offset) {
  constexpr Millis most = latest - earliest;
  return std::clamp(offset, -most, most);
}

BrokerClock::BrokerClock(const ClockRecord& kept, Now system) : offset_(bounded(kept.offset)) {
  const WallTime told = within(within(system.wall) - offset_);
  const WallTime begin = std::max(told, within(kept.time));
  ahead_ = begin.time_since_epoch() - system.mono.time_since_epoch();
}

Now BrokerClock::at(MonoTime system) const {
  const MonoTime time = system + ahead_;
  return {time, WallTime(time.time_since_epoch())};
}

std::optional<ClockRecord> BrokerClock::note(Now system) {
  const WallTime time = at(system.mono).wall;
  const Millis offset = within(system.wall) - time;
  if (offset - offset_ <= step_min && offset_ - offset <= step_min) return std::nullopt;
  offset_ = offset;
  return ClockRecord{offset, time};
}

}  // namespace mqz::broker
