// Variable Byte Integers: seven bits a byte, the low ones first, at most four bytes (1.5.5).
#pragma once

#include <cstddef>
#include <cstdint>

namespace mqz::mqtt {

constexpr std::size_t varint_size(std::uint32_t value) {
  return value < 128 ? 1 : value < 16'384 ? 2 : value < 2'097'152 ? 3 : 4;
}

// Writes varint_size(value) bytes; returns their end.
inline std::byte* encode_varint(std::uint32_t value, std::byte* out) {
  while (value >= 128) {
    *out++ = static_cast<std::byte>((value & 0x7FU) | 0x80U);
    value >>= 7U;
  }
  *out = static_cast<std::byte>(value);
  return out + 1;
}

// One that was cut from [at, end): `next` is null if it is not there whole, is longer than four
// bytes or not in its shortest form.
struct Varint {
  std::uint32_t value{};
  const std::byte* next{};
};

inline Varint read_varint(const std::byte* at, const std::byte* end) {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift <= 21 && at != end; shift += 7) {
    const std::uint32_t byte = std::to_integer<std::uint32_t>(*at++);
    value |= (byte & 0x7FU) << shift;
    if (byte < 0x80) return byte == 0 && shift > 0 ? Varint{} : Varint{value, at};
  }
  return {};
}

}  // namespace mqz::mqtt
