// The clocks. Only loops and commands read them; everything below gets a Now.
#pragma once

#include "lib/base/time.h"

namespace mqz::os {

Now read_clocks();
MonoTime read_mono();

}  // namespace mqz::os
