#include "lib/broker/broker_clock.h"

#include <catch2/catch.hpp>
#include <cstdint>

using namespace mqz;
using namespace mqz::broker;

namespace {

constexpr std::chrono::hours hour{1};
constexpr WallTime noon{Millis(1'700'000'000'000)};
constexpr Now system_now{MonoTime(Millis(5'000)), noon};

Now later(Now system, Millis by, Millis step = {}) {
  return {system.mono + by, system.wall + by + step};
}

}  // namespace

TEST_CASE("a clock that begins anew is the system's wall clock, on one scale", "[broker]") {
  const BrokerClock clock({}, system_now);
  const Now begun = clock.at(system_now.mono);
  CHECK(begun.wall == noon);
  CHECK(begun.mono.time_since_epoch() == begun.wall.time_since_epoch());
  CHECK(clock.at(system_now.mono + Millis(70)).wall == noon + Millis(70));
}

TEST_CASE("a step of the wall clock moves no time of the broker and is told once", "[broker]") {
  const Millis step = GENERATE(Millis(2 * hour), Millis(-2 * hour), Millis(1001), Millis(-1001));
  BrokerClock clock({}, system_now);
  const Now stepped = later(system_now, Millis(10), step);
  const auto told = clock.note(stepped);
  REQUIRE(told);
  CHECK(told->offset == step);
  CHECK(told->time == noon + Millis(10));
  CHECK(clock.at(stepped.mono).wall == noon + Millis(10));
  CHECK_FALSE(clock.note(later(stepped, Millis(10))));

  const auto back = clock.note(later(stepped, Millis(20), -step));
  REQUIRE(back);
  CHECK(back->offset == Millis(0));
}

TEST_CASE("what the system corrects little by little is told when it is a second", "[broker]") {
  BrokerClock clock({}, system_now);
  CHECK_FALSE(clock.note(later(system_now, Millis(10), Millis(1000))));
  CHECK_FALSE(clock.note(later(system_now, Millis(20), Millis(-1000))));
  const auto told = clock.note(later(system_now, Millis(30), Millis(1001)));
  REQUIRE(told);
  CHECK(told->offset == Millis(1001));
  CHECK_FALSE(clock.note(later(system_now, Millis(40), Millis(2000))));
}

TEST_CASE("the next life goes on from the offset, and the time in between counts", "[broker]") {
  const ClockRecord kept{.offset = 2 * hour, .time = noon};
  BrokerClock clock(kept, {MonoTime(Millis(1)), noon + 2 * hour + Millis(500)});
  CHECK(clock.at(MonoTime(Millis(1))).wall == noon + Millis(500));
  CHECK_FALSE(clock.note({MonoTime(Millis(2)), noon + 2 * hour + Millis(501)}));
}

// A machine without a clock of its own begins in 1970 at each boot.
TEST_CASE("the clock is never set back, whatever the system says at the start", "[broker]") {
  const ClockRecord kept{.offset = {}, .time = noon};
  const Now boot{MonoTime(Millis(1)), WallTime(Millis(20))};
  BrokerClock clock(kept, boot);
  CHECK(clock.at(boot.mono).wall == noon);
  const auto told = clock.note(boot);
  REQUIRE(told);
  CHECK(told->offset == boot.wall - noon);
  CHECK(told->time == noon);

  BrokerClock next(*told, boot);
  CHECK(next.at(boot.mono).wall == noon);
  CHECK_FALSE(next.note(boot));
}

TEST_CASE("a clock of any kept and read numbers stays within its bounds", "[broker]") {
  const auto offset = GENERATE(as<std::int64_t>(), 0, -1, INT64_MAX, INT64_MIN, INT64_MIN / 2);
  const auto time = GENERATE(as<std::int64_t>(), 0, INT64_MAX, INT64_MAX / 4);
  const auto wall =
      GENERATE(as<std::int64_t>(), 0, -5, INT64_MAX / 2, INT64_MIN / 2, 1'700'000'000'000);
  const Now system{MonoTime(Millis(7)), WallTime(Millis(wall))};
  BrokerClock clock({Millis(offset), WallTime(Millis(time))}, system);
  const Now begun = clock.at(system.mono);
  CHECK(begun.wall >= WallTime{});
  CHECK(begun.wall <= BrokerClock::latest);
  const auto told = clock.note(system);
  if (told) {
    CHECK(told->time == begun.wall);
    CHECK(BrokerClock::bounded(told->offset) == told->offset);
    BrokerClock next(*told, system);
    CHECK(next.at(system.mono).wall == begun.wall);
  }
  CHECK_FALSE(clock.note(system));
}
