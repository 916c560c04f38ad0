// PUBLISH (3.3). The broker's hottest decoder: it walks the bytes itself instead of using a Reader.
#include "lib/mqtt/decode.h"
#include "lib/mqtt/reader.h"
#include "lib/mqtt/text.h"
#include "lib/mqtt/topic.h"

namespace mqz::mqtt {

namespace {

// The rules for a topic that is not plain ASCII, or empty.
Reason check_topic(const Publish& packet) {
  if (!is_valid_utf8(packet.topic)) return Reason::malformed_packet;
  if (has_wildcard(packet.topic)) return Reason::topic_name_invalid;
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

}  // namespace

Decoded<Publish> decode_publish(const Frame& frame, Version version) {
  Decoded<Publish> decoded;
  Publish& packet = *decoded;
  const unsigned qos = (frame.flags >> 1U) & 0x03U;
  packet.dup = (frame.flags & 0x08U) != 0;
  packet.qos = static_cast<Qos>(qos);
  packet.retain = (frame.flags & 0x01U) != 0;
  if (qos == 3 || (packet.dup && qos == 0)) return tl::unexpected(Reason::malformed_packet);

  const std::byte* at = frame.body.data();
  const std::byte* const end = at + frame.body.size();
  const std::size_t id_bytes = qos == 0 ? 0 : 2;
  if (frame.body.size() < 2) return tl::unexpected(Reason::malformed_packet);
  const std::size_t topic_bytes = load_u16(at);
  if (frame.body.size() < 2 + topic_bytes + id_bytes) {
    return tl::unexpected(Reason::malformed_packet);
  }
  packet.topic = as_text(Bytes(at + 2, topic_bytes));
  at += 2 + topic_bytes;
  if (qos != 0) {
    packet.packet_id = load_u16(at);
    at += id_bytes;
    if (packet.packet_id == 0) return tl::unexpected(Reason::protocol_error);
  }
  if (version == Version::v5) {
    const Reason reason = take_properties(at, end, packet.properties);
    if (reason != Reason::success) return tl::unexpected(reason);
  }
  if (!is_plain_topic(packet.topic) || topic_bytes == 0) {
    const Reason reason = check_topic(packet);
    if (reason != Reason::success) return tl::unexpected(reason);
  }
  packet.payload = Bytes(at, end);
  return decoded;
}

}  // namespace mqz::mqtt
