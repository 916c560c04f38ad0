#include "commands/table.h"

namespace mqz::commands {

constinit const Command sub_command{.name = "sub", .summary = "print messages of topics"};

}  // namespace mqz::commands
