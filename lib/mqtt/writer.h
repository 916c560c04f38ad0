// The pieces that encoders write. Each takes the place to write to and returns the place behind.
#pragma once

#include <cstring>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/mqtt/varint.h"

namespace mqz::mqtt {

inline std::byte* put_u8(std::byte* out, unsigned value) {
  *out = static_cast<std::byte>(value);
  return out + 1;
}

inline std::byte* put_bytes(std::byte* out, Bytes bytes) {
  if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

inline std::byte* put_binary(std::byte* out, Bytes bytes) {
  return put_bytes(store_u16(out, static_cast<std::uint16_t>(bytes.size())), bytes);
}

inline std::byte* put_text(std::byte* out, std::string_view text) {
  return put_binary(out, as_bytes(text));
}

inline std::size_t size_of_text(std::string_view text) { return 2 + text.size(); }

// Property Length and block; nothing before version 5.
inline std::size_t size_of_properties(const PropertyView& properties, Version version) {
  if (version != Version::v5) return 0;
  const std::size_t size = properties.bytes().size();
  return varint_size(static_cast<std::uint32_t>(size)) + size;
}

inline std::byte* put_properties(std::byte* out, const PropertyView& properties, Version version) {
  if (version != Version::v5) return out;
  const Bytes block = properties.bytes();
  return put_bytes(encode_varint(static_cast<std::uint32_t>(block.size()), out), block);
}

inline std::size_t size_of_packet(std::size_t remaining) {
  return 1 + varint_size(static_cast<std::uint32_t>(remaining)) + remaining;
}

// The flags that 2.1.3 wants on a packet without flags of its own.
constexpr unsigned reserved_flags(PacketType type) {
  const bool is_marked = type == PacketType::pubrel || type == PacketType::subscribe ||
                         type == PacketType::unsubscribe;
  return is_marked ? 2 : 0;
}

inline std::byte* put_header(std::byte* out, PacketType type, unsigned flags,
                             std::size_t remaining) {
  out = put_u8(out, (static_cast<unsigned>(type) << 4U) | flags);
  return encode_varint(static_cast<std::uint32_t>(remaining), out);
}

inline std::byte* put_header(std::byte* out, PacketType type, std::size_t remaining) {
  return put_header(out, type, reserved_flags(type), remaining);
}

}  // namespace mqz::mqtt
