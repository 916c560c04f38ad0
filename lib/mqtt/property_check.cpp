// The rules of 2.2.2 and of each packet's properties that one block can break alone.
#include "lib/base/rules.h"
#include "lib/mqtt/property.h"
#include "lib/mqtt/reader.h"
#include "lib/mqtt/topic.h"

namespace mqz::mqtt {

namespace {

std::uint64_t bit(PropertyId id) { return std::uint64_t{1} << static_cast<unsigned>(id); }

bool may_repeat(const PropertyRow& row, PacketType where) {
  // A SUBSCRIBE has one Subscription Identifier, a PUBLISH one for each subscription it matched.
  if (row.id == PropertyId::subscription_identifier) return where == PacketType::publish;
  return row.repeats;
}

Reason allowed_if(bool condition) { return condition ? Reason::success : Reason::protocol_error; }

Reason check_number(PropertyId id, std::uint32_t value) {
  switch (id) {
    case PropertyId::topic_alias: return value != 0 ? Reason::success : Reason::topic_alias_invalid;
    case PropertyId::receive_maximum:
    case PropertyId::maximum_packet_size:
    case PropertyId::subscription_identifier: return allowed_if(value != 0);
    case PropertyId::payload_format_indicator:
    case PropertyId::request_problem_information:
    case PropertyId::request_response_information:
    case PropertyId::maximum_qos:
    case PropertyId::retain_available:
    case PropertyId::wildcard_subscription_available:
    case PropertyId::subscription_identifier_available:
    case PropertyId::shared_subscription_available: return allowed_if(value <= 1);
    case PropertyId::message_expiry_interval:
    case PropertyId::session_expiry_interval:
    case PropertyId::server_keep_alive:
    case PropertyId::will_delay_interval:
    case PropertyId::topic_alias_maximum:
    case PropertyId::content_type:
    case PropertyId::response_topic:
    case PropertyId::correlation_data:
    case PropertyId::assigned_client_identifier:
    case PropertyId::authentication_method:
    case PropertyId::authentication_data:
    case PropertyId::response_information:
    case PropertyId::server_reference:
    case PropertyId::reason_string:
    case PropertyId::user_property: return Reason::success;
  }
  return Reason::success;
}

Reason check_text(PropertyId id, std::string_view value) {
  // A Response Topic is a topic name [MQTT-3.3.2-14]; its UTF-8 has been checked by then.
  return allowed_if(id != PropertyId::response_topic || is_valid_topic(value));
}

void check_value(Reader& in, const PropertyRow& row) {
  Reason reason = Reason::success;
  switch (row.kind) {
    case PropertyKind::byte: reason = check_number(row.id, in.u8()); break;
    case PropertyKind::u16: reason = check_number(row.id, in.u16()); break;
    case PropertyKind::u32: reason = check_number(row.id, in.u32()); break;
    case PropertyKind::varint: reason = check_number(row.id, in.varint()); break;
    case PropertyKind::text: reason = check_text(row.id, in.text()); break;
    case PropertyKind::binary: in.binary(); break;
    case PropertyKind::text_pair:
      in.text();
      in.text();
      break;
  }
  in.require(reason == Reason::success, reason);
}

}  // namespace

Reason check_properties(Bytes block, PacketType where) {
  Reader in(block);
  std::uint64_t seen = 0;
  while (!in.at_end()) {
    const PropertyRow* const row = find_property(in.varint());
    if (!in.ok()) break;
    if (row == nullptr) return Reason::malformed_packet;
    const bool is_allowed = (row->packets & (1U << static_cast<unsigned>(where))) != 0;
    if (MQZ_RULE(property_place) && !is_allowed) return Reason::protocol_error;
    const bool is_second = (seen & bit(row->id)) != 0 && !may_repeat(*row, where);
    if (MQZ_RULE(property_once) && is_second) return Reason::protocol_error;
    seen |= bit(row->id);
    check_value(in, *row);
  }
  return in.reason();
}

}  // namespace mqz::mqtt
