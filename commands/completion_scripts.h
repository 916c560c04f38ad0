// The files of completions/, built into the program.
#pragma once

#include <string_view>

namespace mqz::commands {

extern const std::string_view bash_completion;
extern const std::string_view zsh_completion;
extern const std::string_view fish_completion;

}  // namespace mqz::commands
