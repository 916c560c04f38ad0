#include "commands/watch_screen.h"

#include <fmt/core.h>

namespace mqz::commands {

std::string fit_line(std::string_view text, std::size_t columns) {
  std::string line;
  for (const char sign : text) {
    const auto byte = static_cast<unsigned char>(sign);
    const bool continues = (byte & 0xC0U) == 0x80;
    if (!continues && columns-- == 0) break;
    line.push_back(byte < 0x20 || byte == 0x7F ? '.' : sign);
  }
  return line;
}

void WatchScreen::show(std::string& to, std::string_view topic, std::string_view text) {
  if (row_of_.empty()) to += "\x1b[2J";
  std::string name(topic);
  auto row = row_of_.find(name);
  if (row == row_of_.end()) {
    if (row_of_.size() + 1 >= rows_) return;  // the last row is the cursor's
    row = row_of_.emplace(std::move(name), row_of_.size() + 1).first;
  }
  to += fmt::format("\x1b[{};1H\x1b[K{}", row->second, fit_line(text, columns_));
  leave(to);
}

void WatchScreen::leave(std::string& to) const {
  if (!row_of_.empty()) to += fmt::format("\x1b[{};1H", row_of_.size() + 1);
}

}  // namespace mqz::commands
