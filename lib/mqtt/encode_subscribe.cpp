// SUBSCRIBE, UNSUBSCRIBE and their acknowledgements (3.8 to 3.11).
#include <array>

#include "lib/mqtt/encode.h"
#include "lib/mqtt/writer.h"

namespace mqz::mqtt {

namespace {

// SUBSCRIBE and UNSUBSCRIBE differ only in their payloads.
template <typename Packet>
std::size_t request_length(const Packet& packet, Version version) {
  return 2 + size_of_properties(packet.properties, version) + packet.payload.size();
}

template <typename Packet>
std::byte* put_request(std::byte* out, PacketType type, const Packet& packet, Version version) {
  out = put_header(out, type, request_length(packet, version));
  out = store_u16(out, packet.packet_id);
  out = put_properties(out, packet.properties, version);
  return put_bytes(out, packet.payload);
}

bool has_reasons(const SubscribeAck& packet, Version version) {
  return packet.type == PacketType::suback || version == Version::v5;
}

std::size_t remaining_length(const SubscribeAck& packet, Version version) {
  const std::size_t reasons = has_reasons(packet, version) ? packet.reasons.size() : 0;
  return 2 + size_of_properties(packet.properties, version) + reasons;
}

// Before 5 every refusal is 0x80.
std::byte reason_byte(std::byte reason, Version version) {
  const bool is_refusal = (reason & std::byte{0x80}) != std::byte{0};
  return is_refusal && version != Version::v5 ? std::byte{0x80} : reason;
}

unsigned options_byte(const SubscribeOptions& options) {
  return static_cast<unsigned>(options.qos) | (options.no_local ? 0x04U : 0U) |
         (options.retain_as_published ? 0x08U : 0U) |
         (static_cast<unsigned>(options.retain_handling) << 4U);
}

}  // namespace

std::size_t encoded_size(const Subscribe& packet, Version version) {
  return size_of_packet(request_length(packet, version));
}

std::byte* encode(const Subscribe& packet, Version version, std::byte* out) {
  return put_request(out, PacketType::subscribe, packet, version);
}

std::size_t encoded_size(const Unsubscribe& packet, Version version) {
  return size_of_packet(request_length(packet, version));
}

std::byte* encode(const Unsubscribe& packet, Version version, std::byte* out) {
  return put_request(out, PacketType::unsubscribe, packet, version);
}

std::size_t encoded_size(const SubscribeAck& packet, Version version) {
  return size_of_packet(remaining_length(packet, version));
}

std::byte* encode(const SubscribeAck& packet, Version version, std::byte* out) {
  out = put_header(out, packet.type, remaining_length(packet, version));
  out = store_u16(out, packet.packet_id);
  out = put_properties(out, packet.properties, version);
  if (!has_reasons(packet, version)) return out;
  for (const std::byte reason : packet.reasons) *out++ = reason_byte(reason, version);
  return out;
}

void append_entry(std::string& payload, const SubscribeEntry& entry) {
  append_entry(payload, entry.filter);
  payload.push_back(static_cast<char>(options_byte(entry.options)));
}

void append_entry(std::string& payload, std::string_view filter) {
  std::array<std::byte, 2> size{};
  store_u16(size.data(), static_cast<std::uint16_t>(filter.size()));
  payload.append(as_text(size));
  payload.append(filter);
}

}  // namespace mqz::mqtt
