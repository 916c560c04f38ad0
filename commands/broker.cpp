#include "commands/table.h"

namespace mqz::commands {

constinit const Command broker_command{.name = "broker", .summary = "run an MQTT broker"};

}  // namespace mqz::commands
