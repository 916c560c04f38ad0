// CONNECT and CONNACK (3.1, 3.2).
#include "lib/mqtt/encode.h"
#include "lib/mqtt/writer.h"

namespace mqz::mqtt {

namespace {

std::string_view protocol_name(Version version) {
  return version == Version::v31 ? "MQIsdp" : "MQTT";
}

unsigned protocol_level(const Connect& packet) {
  const unsigned level = static_cast<unsigned>(packet.version);
  return packet.bridge && packet.version != Version::v5 ? level | 0x80U : level;
}

unsigned connect_flags(const Connect& packet) {
  unsigned flags = packet.clean_start ? 0x02U : 0U;
  if (packet.will) {
    flags |= 0x04U | (static_cast<unsigned>(packet.will->qos) << 3U);
    if (packet.will->retain) flags |= 0x20U;
  }
  if (packet.password) flags |= 0x40U;
  if (packet.user_name) flags |= 0x80U;
  return flags;
}

std::size_t size_of_will(const Will& will, Version version) {
  return size_of_properties(will.properties, version) + size_of_text(will.topic) + 2 +
         will.payload.size();
}

std::size_t remaining_length(const Connect& packet) {
  constexpr std::size_t level_flags_and_keep_alive = 4;
  std::size_t size = size_of_text(protocol_name(packet.version)) + level_flags_and_keep_alive;
  size += size_of_properties(packet.properties, packet.version) + size_of_text(packet.client_id);
  if (packet.will) size += size_of_will(*packet.will, packet.version);
  if (packet.user_name) size += size_of_text(*packet.user_name);
  if (packet.password) size += 2 + packet.password->size();
  return size;
}

std::byte* put_will(std::byte* out, const Will& will, Version version) {
  out = put_properties(out, will.properties, version);
  out = put_text(out, will.topic);
  return put_binary(out, will.payload);
}

std::size_t remaining_length(const Connack& packet, Version version) {
  return 2 + size_of_properties(packet.properties, version);
}

// Session Present is of 3.1.1 and later, and never says 1 in a refusal [MQTT-3.2.2-6].
bool says_session_present(const Connack& packet, Version version) {
  return packet.session_present && version != Version::v31 && !is_failure(packet.reason);
}

}  // namespace

std::size_t encoded_size(const Connect& packet) { return size_of_packet(remaining_length(packet)); }

std::byte* encode(const Connect& packet, std::byte* out) {
  out = put_header(out, PacketType::connect, remaining_length(packet));
  out = put_text(out, protocol_name(packet.version));
  out = put_u8(out, protocol_level(packet));
  out = put_u8(out, connect_flags(packet));
  out = store_u16(out, packet.keep_alive_s);
  out = put_properties(out, packet.properties, packet.version);
  out = put_text(out, packet.client_id);
  if (packet.will) out = put_will(out, *packet.will, packet.version);
  if (packet.user_name) out = put_text(out, *packet.user_name);
  if (packet.password) out = put_binary(out, *packet.password);
  return out;
}

void append(std::string& to, const Connect& packet) {
  const std::size_t before = to.size();
  to.resize(before + encoded_size(packet));
  encode(packet, reinterpret_cast<std::byte*>(to.data() + before));
}

std::size_t encoded_size(const Connack& packet, Version version) {
  return size_of_packet(remaining_length(packet, version));
}

std::byte* encode(const Connack& packet, Version version, std::byte* out) {
  out = put_header(out, PacketType::connack, remaining_length(packet, version));
  out = put_u8(out, says_session_present(packet, version) ? 1 : 0);
  out = put_u8(out, version == Version::v5 ? static_cast<unsigned>(packet.reason)
                                           : static_cast<unsigned>(connect_return(packet.reason)));
  return put_properties(out, packet.properties, version);
}

}  // namespace mqz::mqtt
