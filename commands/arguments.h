// The first layer: the words of a command line, taken apart by the rows of its command. Values are
// not checked here. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands/options.h"
#include "commands/stop.h"

namespace mqz::commands {

struct Arguments {
  struct Given {
    const Option* option = nullptr;
    std::vector<std::string> values{};  // flags: "true" or what stood after "="
  };
  std::vector<Given> given{};
  std::vector<std::string> operands{};
  std::vector<std::string> words{};  // after "--", for a command that takes words
};

// `words` is what follows the command, which was typed as `path` ("broker store dump"). Errors: an
// unknown flag, a flag without its value, a value given twice to what takes one, an operand too
// many or too few; a lone -h where a host is taken suggests --help.
Checked<Arguments> read_arguments(const Command& command, std::string_view path,
                                  const std::vector<std::string>& words);

}  // namespace mqz::commands
