#include "lib/os/thread.h"

#include <system_error>

namespace mqz::os {

Result<std::thread> start_thread(std::function<void()> work) {
  try {
    return std::thread(std::move(work));
  } catch (const std::system_error& error) {
    return fail(ErrorCode::unavailable,
                std::string("no thread can be started: ") + error.code().message());
  }
}

}  // namespace mqz::os
