// Texts for people, made from the rows. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "commands/options.h"

namespace mqz::commands {

// `mqz --help`: the commands that work, how settings are found, exit codes.
std::string overview(std::span<const Command* const> all);

// `mqz pub --help`: purpose, usage, examples, flags by group, notes, exit codes.
std::string full_help(const Command& command, std::string_view path);

// The usage line and the examples: for a command that was given too little.
std::string short_help(const Command& command, std::string_view path);

}  // namespace mqz::commands
