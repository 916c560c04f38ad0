// DISCONNECT and AUTH (3.14, 3.15).
#include "lib/mqtt/encode.h"
#include "lib/mqtt/writer.h"

namespace mqz::mqtt {

namespace {

bool says_nothing(Reason reason, const PropertyView& properties) {
  return reason == Reason::success && properties.empty();
}

std::size_t remaining_length(const Disconnect& packet, Version version) {
  if (version != Version::v5 || says_nothing(packet.reason, packet.properties)) return 0;
  return packet.properties.empty() ? 1 : 1 + size_of_properties(packet.properties, version);
}

// Unlike in DISCONNECT, the Property Length goes with the reason: both are there or none
// (3.15.2.1).
std::size_t remaining_length(const Auth& packet) {
  if (says_nothing(packet.reason, packet.properties)) return 0;
  return 1 + size_of_properties(packet.properties, Version::v5);
}

}  // namespace

std::size_t encoded_size(const Disconnect& packet, Version version) {
  return size_of_packet(remaining_length(packet, version));
}

std::byte* encode(const Disconnect& packet, Version version, std::byte* out) {
  const std::size_t remaining = remaining_length(packet, version);
  out = put_header(out, PacketType::disconnect, remaining);
  if (remaining > 0) out = put_u8(out, static_cast<unsigned>(packet.reason));
  return remaining > 1 ? put_properties(out, packet.properties, version) : out;
}

std::size_t encoded_size(const Auth& packet, Version /*version*/) {
  return size_of_packet(remaining_length(packet));
}

std::byte* encode(const Auth& packet, Version /*version*/, std::byte* out) {
  const std::size_t remaining = remaining_length(packet);
  out = put_header(out, PacketType::auth, remaining);
  if (remaining == 0) return out;
  out = put_u8(out, static_cast<unsigned>(packet.reason));
  return put_properties(out, packet.properties, Version::v5);
}

}  // namespace mqz::mqtt
