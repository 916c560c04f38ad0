// SUBSCRIBE, UNSUBSCRIBE and their acknowledgements (3.8 to 3.11).
#include "lib/base/rules.h"
#include "lib/mqtt/decode.h"
#include "lib/mqtt/reader.h"
#include "lib/mqtt/topic.h"

namespace mqz::mqtt {

namespace {

// In 3.1 these packets may be marked as sent again.
bool are_flags_allowed(const Frame& frame, Version version) {
  return version == Version::v31 || (frame.flags & 0x08U) == 0;
}

SubscribeOptions split_options(unsigned byte) {
  return {static_cast<Qos>(byte & 0x03U), (byte & 0x04U) != 0, (byte & 0x08U) != 0,
          static_cast<std::uint8_t>((byte >> 4U) & 0x03U)};
}

Reason check_options(unsigned byte, std::string_view filter, Version version) {
  const unsigned reserved = version == Version::v5 ? 0xC0U : 0xFCU;
  if (MQZ_RULE(subscribe_options) && (byte & reserved) != 0) return Reason::malformed_packet;
  const SubscribeOptions options = split_options(byte);
  // A third QoS is a malformed packet in 3.1.1 [MQTT-3-8.3-4] and a protocol error in 5 (3.8.3.1).
  if (options.qos > Qos::exactly_once) {
    return version == Version::v5 ? Reason::protocol_error : Reason::malformed_packet;
  }
  if (options.retain_handling == 3) return Reason::protocol_error;
  if (options.no_local && is_shared(filter)) return Reason::protocol_error;  // [MQTT-3.8.3-4]
  return Reason::success;
}

void check_entry(Reader& in, Version version) {
  const std::string_view filter = in.text();
  const Reason reason = check_options(in.u8(), filter, version);
  in.require(reason == Reason::success, reason);
}

bool is_subscribe_reason(PacketType type, std::byte code, Version version) {
  const auto reason = static_cast<Reason>(code);
  if (version == Version::v5) return is_allowed_reason(type, reason);
  return reason <= Reason::granted_qos_2 || reason == Reason::unspecified_error;
}

void check_reasons(Reader& in, const SubscribeAck& packet, Version version) {
  if (packet.type == PacketType::unsuback && version != Version::v5) {
    in.require(packet.reasons.empty(), Reason::malformed_packet);
    return;
  }
  in.require(!packet.reasons.empty(), Reason::malformed_packet);
  for (const std::byte code : packet.reasons) {
    in.require(is_subscribe_reason(packet.type, code, version), Reason::protocol_error);
  }
}

}  // namespace

std::optional<SubscribeEntry> SubscribeEntries::next() {
  Reader in(rest_);
  const std::string_view filter = as_text(in.binary());
  const unsigned options = in.u8();
  if (!in.ok()) return std::nullopt;
  rest_ = in.rest();
  return SubscribeEntry{filter, split_options(options)};
}

std::optional<std::string_view> UnsubscribeEntries::next() {
  Reader in(rest_);
  const std::string_view filter = as_text(in.binary());
  if (!in.ok()) return std::nullopt;
  rest_ = in.rest();
  return filter;
}

Decoded<Subscribe> decode_subscribe(const Frame& frame, Version version) {
  Reader in(frame.body);
  in.require(are_flags_allowed(frame, version), Reason::malformed_packet);
  Subscribe packet;
  packet.packet_id = in.packet_id();
  packet.properties = in.properties(PacketType::subscribe, version);
  packet.payload = in.rest();
  in.require(!MQZ_RULE(subscribe_entries) || !packet.payload.empty(),
             Reason::protocol_error);  // [MQTT-3.8.3-2]
  while (!in.at_end()) check_entry(in, version);
  if (!in.ok()) return tl::unexpected(in.reason());
  return packet;
}

Decoded<Unsubscribe> decode_unsubscribe(const Frame& frame, Version version) {
  Reader in(frame.body);
  in.require(are_flags_allowed(frame, version), Reason::malformed_packet);
  Unsubscribe packet;
  packet.packet_id = in.packet_id();
  packet.properties = in.properties(PacketType::unsubscribe, version);
  packet.payload = in.rest();
  in.require(!packet.payload.empty(), Reason::protocol_error);  // [MQTT-3.10.3-2]
  while (!in.at_end()) in.text();
  if (!in.ok()) return tl::unexpected(in.reason());
  return packet;
}

Decoded<SubscribeAck> decode_subscribe_ack(const Frame& frame, Version version) {
  Reader in(frame.body);
  SubscribeAck packet;
  packet.type = frame.type;
  packet.packet_id = in.packet_id();
  packet.properties = in.properties(frame.type, version);
  packet.reasons = in.take_rest();
  check_reasons(in, packet, version);
  if (!in.ok()) return tl::unexpected(in.reason());
  return packet;
}

}  // namespace mqz::mqtt
