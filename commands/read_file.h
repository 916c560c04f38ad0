// A whole file, for payloads and passwords.
#pragma once

#include <string>
#include <string_view>

#include "commands/stop.h"

namespace mqz::commands {

// "-" is stdin. More than a message can hold is Exit::bad_input. `flag` names the flag in the
// message: `cannot read --file x: No such file or directory`.
Checked<std::string> read_file(const std::string& path, std::string_view flag);

}  // namespace mqz::commands
