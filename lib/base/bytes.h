// Views of bytes. Nothing here owns memory; a view lives as long as the buffer it was cut from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace mqz {

using Bytes = std::span<const std::byte>;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Big-endian integers, as MQTT and most wire formats have them. The caller has checked the size.
inline std::uint16_t load_u16(const std::byte* at) {
  return static_cast<std::uint16_t>((std::to_integer<unsigned>(at[0]) << 8U) |
                                    std::to_integer<unsigned>(at[1]));
}

inline std::uint32_t load_u32(const std::byte* at) {
  return (static_cast<std::uint32_t>(load_u16(at)) << 16U) | load_u16(at + 2);
}

inline std::byte* store_u16(std::byte* to, std::uint16_t value) {
  to[0] = static_cast<std::byte>(value >> 8U);
  to[1] = static_cast<std::byte>(value & 0xFFU);
  return to + 2;
}

inline std::byte* store_u32(std::byte* to, std::uint32_t value) {
  return store_u16(store_u16(to, static_cast<std::uint16_t>(value >> 16U)),
                   static_cast<std::uint16_t>(value & 0xFFFFU));
}

}  // namespace mqz
