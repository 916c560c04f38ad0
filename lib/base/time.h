// Points in time, as plain arguments: pure code never reads a clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace mqz {

using Millis = std::chrono::milliseconds;

// Milliseconds of the monotonic clock; for deadlines inside one process.
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, Millis>;

// Milliseconds since 1970; for deadlines that outlive the process.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Millis>;

// Both clocks, read once for a turn of a loop.
struct Now {
  MonoTime mono{};
  WallTime wall{};
};

}  // namespace mqz
