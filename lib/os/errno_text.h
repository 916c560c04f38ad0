// The system's words for an errno: "Connection refused". Thread-safe.
#pragma once

#include <string>

namespace mqz::os {

std::string errno_text(int error);

}  // namespace mqz::os
