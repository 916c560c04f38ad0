// Overwrites in place what nobody else on the machine may read from a list of processes.
#pragma once

#include <span>

#include "commands/parsed.h"

namespace mqz::commands {

// `words` is argv, whose strings are writable. Values of secret options and passwords in URLs that
// were typed as flags become 'x'; `parsed` keeps its copies.
void scrub(const Parsed& parsed, std::span<char* const> words);

}  // namespace mqz::commands
