// The third layer: a TOML file. Keys at the top and under [profile.NAME] are options that commands
// share; [pub] and [profile.NAME.pub] hold those of one command. A profile wins over the rest of
// the file, a command's section over what is shared.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "commands/parsed.h"

namespace mqz::commands {

struct ConfigChoice {
  std::string path{};     // empty: there is no file
  std::string profile{};  // empty: none
};

// Reads the file and offers its values. Every key of the file is checked against the tables of
// `all`, also in sections of other commands, except those whose command comes with a later part.
Checked<void> take_file(Parsed& parsed, std::span<const Command* const> all,
                        const ConfigChoice& choice);

}  // namespace mqz::commands
