// What is wrong with, or worth knowing about, a configuration file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mqz::broker {

struct Place {
  std::string file{};
  std::size_t line = 0;  // 0: the file as a whole
  std::string text() const { return line == 0 ? file : file + ':' + std::to_string(line); }
};

enum class Severity : std::uint8_t {
  note,     // worth knowing
  warning,  // has no effect, or not the one that was probably meant
  error,    // the broker does not start with this
};

struct Finding {
  Severity severity{};
  Place place{};
  std::string text{};  // lower case: object and reason
  std::string hint{};  // what to do about it; may be empty
};

// "FILE:LINE: error: text", and the hint on a second line.
std::string finding_text(const Finding& finding);

}  // namespace mqz::broker
