// Prepares a command line for the parser: cuts it at the first "--" that is not a flag's value,
// makes each property one word, and moves an empty value ("--message=") to a word of its own.
#pragma once

#include <string>
#include <vector>

#include "commands/options.h"

namespace mqz::commands {

struct Regrouped {
  std::vector<std::string> flags{};
  std::vector<std::string> after{};  // the words behind "--"
};

Regrouped regroup(const Command& command, const std::vector<std::string>& words);

// The option whose value the next word is, when `word` is the last of it ("-q", "-vq", "--qos");
// null when the word carries its value itself, is a flag without one, or no flag at all.
const Option* wants_next_word(const Command& command, std::string_view word);

}  // namespace mqz::commands
