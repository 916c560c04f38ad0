#include "lib/base/base64.h"

#include <array>
#include <cstdint>

namespace mqz {
namespace {

constexpr std::string_view signs =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < signs.size(); ++i) {
    values[static_cast<unsigned char>(signs[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}
constexpr std::array<std::int8_t, 256> values_of_signs = make_values();

}  // namespace

void append_base64(std::string& to, Bytes bytes) {
  to.reserve(to.size() + (bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = (group << 8U) | (k < count ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      to.push_back(k <= count ? signs[(group >> (18U - 6U * k)) & 63U] : '=');
    }
  }
}

bool append_from_base64(std::string& to, std::string_view text) {
  if (text.size() % 4 != 0) return false;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const std::size_t used = last ? 4 - padding : 4;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const int value = k < used ? values_of_signs[static_cast<unsigned char>(text[i + k])] : 0;
      if (value < 0) return false;
      group = (group << 6U) | static_cast<std::uint32_t>(value);
    }
    if (used < 4 && (group & ((1U << (8U * (4 - used))) - 1U)) != 0) return false;
    for (std::size_t k = 0; k + 1 < used; ++k) {
      to.push_back(static_cast<char>((group >> (16U - 8U * k)) & 0xFFU));
    }
  }
  return true;
}

}  // namespace mqz
