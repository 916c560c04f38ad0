// Every command of the program, in the order of --help.
#pragma once

#include <span>

#include "commands/options.h"

namespace mqz::commands {

extern const Command broker_command;
extern const Command pub_command;
extern const Command sub_command;
extern const Command help_command;
extern const Command version_command;
extern const Command completion_command;
extern const Command complete_command;  // hidden: candidates for the shells

std::span<const Command* const> all_commands();

}  // namespace mqz::commands
