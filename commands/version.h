// What this program is.
#pragma once

#include <string>
#include <string_view>

namespace mqz::commands {

std::string version_line();  // "mqz 0.1.0\n"

// Writes `text` to stdout; returns the exit status: 0, or 74 when it cannot be written.
int print(std::string_view text);

}  // namespace mqz::commands
