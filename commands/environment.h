// The second layer: variables named MQZ_... Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "commands/options.h"
#include "commands/parsed.h"

namespace mqz::commands {

// "MQZ_HOST", "MQZ_PUB_QOS"; empty for an option that the environment cannot set. `command` is the
// first word of the path: verbs share their command's names.
std::string variable_of(std::string_view command, const Option& option);

// Offers the values of `environment` ("NAME=value" each; an empty value counts as unset) and
// appends to `notes` what a person should know: names that nothing reads, values that Kubernetes
// put there.
Checked<void> take_environment(Parsed& parsed, std::span<const Command* const> all,
                               std::span<const std::string> environment,
                               std::vector<std::string>& notes);

}  // namespace mqz::commands
