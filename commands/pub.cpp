#include "commands/table.h"

namespace mqz::commands {

constinit const Command pub_command{.name = "pub", .summary = "send messages to a topic"};

}  // namespace mqz::commands
