#include "lib/os/clock.h"

#include <ctime>

namespace mqz::os {

MonoTime read_mono() {
  return std::chrono::time_point_cast<Millis>(std::chrono::steady_clock::now());
}

Now read_clocks() {
  return {read_mono(), std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now())};
}

std::chrono::microseconds read_thread_cpu() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace mqz::os
