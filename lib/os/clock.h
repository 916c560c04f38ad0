// The clocks. Only loops and commands read them; everything below gets a Now.
#pragma once

#include "lib/base/time.h"

namespace mqz::os {

Now read_clocks();
MonoTime read_mono();

// The processor time that the calling thread has used.
std::chrono::microseconds read_thread_cpu();

}  // namespace mqz::os
