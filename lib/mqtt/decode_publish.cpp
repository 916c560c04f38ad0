// PUBLISH (3.3). The broker's hottest decoder: it walks the bytes itself instead of using a Reader.
#include "lib/base/rules.h"
#include "lib/mqtt/decode.h"
#include "lib/mqtt/reader.h"
#include "lib/mqtt/text.h"
#include "lib/mqtt/topic.h"

namespace mqz::mqtt {

namespace {

// The rules for a topic that is not plain ASCII, or empty.
Reason check_topic(const Publish& packet) {
  if (!is_valid_utf8(packet.topic)) return Reason::malformed_packet;
  if (MQZ_RULE(topic_name) && has_wildcard(packet.topic)) return Reason::topic_name_invalid;
  const bool is_named = !packet.topic.empty() || packet.properties.has(PropertyId::topic_alias);
  return is_named ? Reason::success : Reason::protocol_error;
}

// Cuts the property block off [at, end) and moves `at` behind it.
Reason take_properties(const std::byte*& at, const std::byte* end, PropertyView& properties) {
  const Varint size = read_varint(at, end);
  if (size.next == nullptr || static_cast<std::size_t>(end - size.next) < size.value) {
    return Reason::malformed_packet;
  }
  at = size.next + size.value;
  if (size.value == 0) return Reason::success;
  const Bytes block(size.next, size.value);
  properties = PropertyView(block);
  return check_properties(block, PacketType::publish);
}

// Topic, packet identifier and properties; moves `at` to the payload.
Reason take_variable_header(const std::byte*& at, const std::byte* end, Version version,
                            Publish& packet) {
  const std::size_t size = static_cast<std::size_t>(end - at);
  const std::size_t id_bytes = packet.qos == Qos::at_most_once ? 0 : 2;
  if (size < 2 || size < 2 + load_u16(at) + id_bytes) return Reason::malformed_packet;
  packet.topic = as_text(Bytes(at + 2, load_u16(at)));
  at += 2 + packet.topic.size();
  if (id_bytes != 0) {
    packet.packet_id = load_u16(at);
    at += id_bytes;
    if (MQZ_RULE(packet_id) && packet.packet_id == 0) return Reason::protocol_error;
  }
  return version == Version::v5 ? take_properties(at, end, packet.properties) : Reason::success;
}

Reason read(const Frame& frame, Version version, Publish& packet) {
  const unsigned qos = (frame.flags >> 1U) & 0x03U;
  packet.dup = (frame.flags & 0x08U) != 0;
  packet.qos = static_cast<Qos>(qos);
  packet.retain = (frame.flags & 0x01U) != 0;
  if (MQZ_RULE(publish_qos) && qos == 3) return Reason::malformed_packet;
  if (MQZ_RULE(dup_has_qos) && packet.dup && qos == 0) return Reason::malformed_packet;

  const std::byte* at = frame.body.data();
  const std::byte* const end = at + frame.body.size();
  const Reason reason = take_variable_header(at, end, version, packet);
  if (reason != Reason::success) return reason;
  packet.payload = Bytes(at, end);
  const bool is_plain = is_plain_topic(packet.topic) && !packet.topic.empty();
  return is_plain ? Reason::success : check_topic(packet);
}

}  // namespace

Decoded<Publish> decode_publish(const Frame& frame, Version version) {
  Decoded<Publish> decoded;
  const Reason reason = read(frame, version, *decoded);
  if (reason != Reason::success) decoded = tl::unexpected(reason);
  return decoded;
}

}  // namespace mqz::mqtt
