// A received message in the form that the flags of `mqz sub` ask for.
#pragma once

#include <string>

#include "commands/sub_plan.h"

namespace mqz::commands {

// Appends it without the separator. False, and nothing appended, when there is nothing to print:
// an empty payload in the plain form (as mosquitto_sub has it), or %J of what is not JSON.
bool append_message(std::string& to, const SubPlan& plan, const mqtt::Publish& message);

}  // namespace mqz::commands
