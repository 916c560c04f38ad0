// PUBLISH and its acknowledgements (3.3 to 3.7).
#include "lib/mqtt/encode.h"
#include "lib/mqtt/writer.h"

namespace mqz::mqtt {

namespace {

std::size_t remaining_length(const Publish& packet, Version version) {
  const std::size_t id_bytes = packet.qos == Qos::at_most_once ? 0 : 2;
  return size_of_text(packet.topic) + id_bytes + size_of_properties(packet.properties, version) +
         packet.payload.size();
}

unsigned publish_flags(const Publish& packet) {
  return (packet.dup ? 0x08U : 0U) | (static_cast<unsigned>(packet.qos) << 1U) |
         (packet.retain ? 0x01U : 0U);
}

// The shortest form: without a reason when it is success, without a Property Length when it is 0.
std::size_t remaining_length(const Ack& packet, Version version) {
  if (version != Version::v5) return 2;
  if (!packet.properties.empty()) return 3 + size_of_properties(packet.properties, version);
  return packet.reason == Reason::success ? 2 : 3;
}

}  // namespace

std::size_t encoded_size(const Publish& packet, Version version) {
  return size_of_packet(remaining_length(packet, version));
}

std::byte* encode(const Publish& packet, Version version, std::byte* out) {
  out = put_header(out, PacketType::publish, publish_flags(packet),
                   remaining_length(packet, version));
  out = put_text(out, packet.topic);
  if (packet.qos != Qos::at_most_once) out = store_u16(out, packet.packet_id);
  out = put_properties(out, packet.properties, version);
  return put_bytes(out, packet.payload);
}

std::size_t encoded_size(const Ack& packet, Version version) {
  return size_of_packet(remaining_length(packet, version));
}

std::byte* encode(const Ack& packet, Version version, std::byte* out) {
  const std::size_t remaining = remaining_length(packet, version);
  out = put_header(out, packet.type, remaining);
  out = store_u16(out, packet.packet_id);
  if (remaining > 2) out = put_u8(out, static_cast<unsigned>(packet.reason));
  return remaining > 3 ? put_properties(out, packet.properties, version) : out;
}

}  // namespace mqz::mqtt
