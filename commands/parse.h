// From a command line to what the command is given: flags, then the environment, then the
// configuration file, then defaults; each fills only what is still empty.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "commands/parsed.h"

namespace mqz::commands {

// What surrounds the process, as arguments, so that a test can choose it.
struct Surroundings {
  std::vector<std::string> environment{};  // "NAME=value"
  std::string system_config = "/etc/mqz/config.toml";
};

struct Outcome {
  Parsed parsed;
  std::vector<std::string> notes{};  // for stderr, unless --quiet
};

// `words` follow the command's name. With --help or --version among them the other layers are left
// alone. Errors carry the status to exit with.
Checked<Outcome> parse(const Command& command, std::string path,
                       std::span<const Command* const> all, const std::vector<std::string>& words,
                       const Surroundings& surroundings);

}  // namespace mqz::commands
