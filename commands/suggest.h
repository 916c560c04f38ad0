// "Did you mean ...?" for commands, flags, values and configuration keys.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace mqz::commands {

// "did you mean '--topic'?" with `prefix` before the word; empty if no candidate is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates,
                         std::string_view prefix = {});

}  // namespace mqz::commands
