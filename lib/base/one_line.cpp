#include "lib/base/one_line.h"

namespace mqz {

std::string one_line(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string line;
  line.reserve(text.size());
  for (const char sign : text) {
    const auto byte = static_cast<unsigned char>(sign);
    if (byte >= 0x20 && byte != 0x7F) {
      line += sign;
    } else if (sign == '\n') {
      line += "\\n";
    } else {
      line += "\\x";
      line += digits[byte >> 4U];
      line += digits[byte & 0xFU];
    }
  }
  return line;
}

}  // namespace mqz
