// What a shell may offer for the word being typed. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "commands/options.h"

namespace mqz::commands {

// The last line of the answer to a shell, as a bit mask.
inline constexpr int directive_no_space = 2;
inline constexpr int directive_no_files = 4;

struct Completion {
  struct Candidate {
    std::string word{};
    std::string doc{};
  };
  std::vector<Candidate> candidates{};
  int directive = 0;
};

// `words` follow "mqz"; the last one is being typed and may be empty.
Completion complete(std::span<const Command* const> all, const std::vector<std::string>& words);

}  // namespace mqz::commands
