// Local time in the forms that messages are printed with.
#pragma once

#include <ctime>
#include <string>

namespace mqz::commands {

enum class TimeForm : unsigned char {
  rfc3339,    // 2026-11-20T10:14:17.889086Z, or +01:00 where the local zone is not UTC
  mosquitto,  // 2026-11-20T10:14:17.889086Z+0000, as mosquitto_sub's %j writes it
  iso8601,    // 2026-11-20T10:14:17+0000, as mosquitto_sub's %I
};

void append_time(std::string& to, const std::timespec& at, TimeForm form);
// strftime's conversion `letter`, in the C locale of the process.
void append_strftime(std::string& to, const std::timespec& at, char letter);

}  // namespace mqz::commands
