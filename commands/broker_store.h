// `mqz broker store`: looks at a store that no broker has open, and repairs it.
#pragma once

#include "commands/options.h"

namespace mqz::commands {

extern const Command broker_store_command;

}  // namespace mqz::commands
