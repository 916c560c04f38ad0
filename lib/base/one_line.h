// Text of others on one line of a terminal or a log: control characters as escapes.
#pragma once

#include <string>
#include <string_view>

namespace mqz {

// "\n" for a line feed, "\x1b" for an escape; everything else as it is.
std::string one_line(std::string_view text);

}  // namespace mqz
