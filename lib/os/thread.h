// Starting a thread where the system may allow none (a limit of processes): an error, and no end.
#pragma once

#include <functional>
#include <thread>

#include "lib/base/error.h"

namespace mqz::os {

// unavailable when none can be started now.
Result<std::thread> start_thread(std::function<void()> work);

}  // namespace mqz::os
