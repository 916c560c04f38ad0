#include "lib/broker/memory_guard.h"

#include <catch2/catch.hpp>

#include "lib/os/memory.h"
#include "tests/scenario/shards_under_test.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

std::size_t measured = 0;
int measurements = 0;
std::size_t measure() {
  ++measurements;
  return measured;
}

}  // namespace

TEST_CASE("what is over its memory stays so until a sixteenth is free", "[broker]") {
  MemoryGuard guard(1600, measure);
  MonoTime now{Millis(1000)};
  const auto over_with = [&](std::size_t bytes) {
    measured = bytes;
    now += MemoryGuard::measure_interval;
    return guard.is_over(now);
  };
  CHECK_FALSE(over_with(1600));
  CHECK(over_with(1601));
  CHECK(over_with(1501));
  CHECK_FALSE(over_with(1500));
  CHECK_FALSE(over_with(1600));
}

TEST_CASE("memory is measured in intervals and after much was read, and not without a limit",
          "[broker]") {
  MemoryGuard guard(1600, measure);
  const MonoTime now{Millis(1000)};
  measured = 2000;
  measurements = 0;
  CHECK(guard.is_over(now));
  CHECK(guard.is_over(now + Millis(49)));
  CHECK(measurements == 1);
  guard.note_read(MemoryGuard::measure_bytes);
  CHECK(guard.is_over(now + Millis(49)));
  CHECK(measurements == 2);
  CHECK(guard.is_over(now + Millis(99)));
  CHECK(measurements == 3);
  CHECK_FALSE(MemoryGuard(0, measure).is_over(now));
  CHECK(measurements == 3);
}

TEST_CASE("the system tells how much memory is resident", "[os]") {
  CHECK(os::resident_bytes() > 1'000'000);
}
