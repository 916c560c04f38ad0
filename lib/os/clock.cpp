#include "lib/os/clock.h"

namespace mqz::os {

MonoTime read_mono() {
  return std::chrono::time_point_cast<Millis>(std::chrono::steady_clock::now());
}

Now read_clocks() {
  return {read_mono(), std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now())};
}

}  // namespace mqz::os
