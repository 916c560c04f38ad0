// Passwords from files and from the terminal.
#pragma once

#include <string>
#include <string_view>

#include "commands/stop.h"

namespace mqz::commands {

// The file's content without one newline at its end; "-" is stdin.
Checked<std::string> read_password_file(const std::string& path);

// Asks on /dev/tty without echo. A signal that would end the program still does, once the terminal
// echoes again.
Checked<std::string> ask_password(std::string_view for_what);

}  // namespace mqz::commands
