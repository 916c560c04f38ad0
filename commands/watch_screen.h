// A terminal's screen with one line per topic, renewed in place (--watch).
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace mqz::commands {

class WatchScreen {
 public:
  WatchScreen(std::size_t rows, std::size_t columns) : rows_(rows), columns_(columns) {}

  // Appends what redraws the topic's line. Topics that find no room are left out.
  void show(std::string& to, std::string_view topic, std::string_view text);
  // Appends what puts the cursor below everything.
  void leave(std::string& to) const;

 private:
  std::size_t rows_;
  std::size_t columns_;
  std::unordered_map<std::string, std::size_t> row_of_{};
};

// Text that fits into so many columns of a terminal and does not steer it: control characters
// become dots. Columns are counted as code points.
std::string fit_line(std::string_view text, std::size_t columns);

}  // namespace mqz::commands
