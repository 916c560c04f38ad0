// The specification's Table 2-4.
#include <algorithm>
#include <array>

#include "lib/mqtt/property.h"

namespace mqz::mqtt {

namespace {

constexpr unsigned bit(PacketType type) { return 1U << static_cast<unsigned>(type); }

constexpr unsigned will = bit(will_properties);
constexpr unsigned connect = bit(PacketType::connect);
constexpr unsigned connack = bit(PacketType::connack);
constexpr unsigned publish = bit(PacketType::publish);
constexpr unsigned subscribe = bit(PacketType::subscribe);
constexpr unsigned disconnect = bit(PacketType::disconnect);
constexpr unsigned auth = bit(PacketType::auth);
constexpr unsigned acks = bit(PacketType::puback) | bit(PacketType::pubrec) |
                          bit(PacketType::pubrel) | bit(PacketType::pubcomp) |
                          bit(PacketType::suback) | bit(PacketType::unsuback);
constexpr unsigned everywhere = will | connect | connack | publish | acks | subscribe |
                                bit(PacketType::unsubscribe) | disconnect | auth;

using Id = PropertyId;
using Kind = PropertyKind;

constexpr std::array<PropertyRow, 27> rows = {{
    {Id::payload_format_indicator, "payload-format-indicator", Kind::byte, publish | will, false},
    {Id::message_expiry_interval, "message-expiry-interval", Kind::u32, publish | will, false},
    {Id::content_type, "content-type", Kind::text, publish | will, false},
    {Id::response_topic, "response-topic", Kind::text, publish | will, false},
    {Id::correlation_data, "correlation-data", Kind::binary, publish | will, false},
    {Id::subscription_identifier, "subscription-identifier", Kind::varint, publish | subscribe,
     true},
    {Id::session_expiry_interval, "session-expiry-interval", Kind::u32,
     connect | connack | disconnect, false},
    {Id::assigned_client_identifier, "assigned-client-identifier", Kind::text, connack, false},
    {Id::server_keep_alive, "server-keep-alive", Kind::u16, connack, false},
    {Id::authentication_method, "authentication-method", Kind::text, connect | connack | auth,
     false},
    {Id::authentication_data, "authentication-data", Kind::binary, connect | connack | auth, false},
    {Id::request_problem_information, "request-problem-information", Kind::byte, connect, false},
    {Id::will_delay_interval, "will-delay-interval", Kind::u32, will, false},
    {Id::request_response_information, "request-response-information", Kind::byte, connect, false},
    {Id::response_information, "response-information", Kind::text, connack, false},
    {Id::server_reference, "server-reference", Kind::text, connack | disconnect, false},
    {Id::reason_string, "reason-string", Kind::text, connack | acks | disconnect | auth, false},
    {Id::receive_maximum, "receive-maximum", Kind::u16, connect | connack, false},
    {Id::topic_alias_maximum, "topic-alias-maximum", Kind::u16, connect | connack, false},
    {Id::topic_alias, "topic-alias", Kind::u16, publish, false},
    {Id::maximum_qos, "maximum-qos", Kind::byte, connack, false},
    {Id::retain_available, "retain-available", Kind::byte, connack, false},
    {Id::user_property, "user-property", Kind::text_pair, everywhere, true},
    {Id::maximum_packet_size, "maximum-packet-size", Kind::u32, connect | connack, false},
    {Id::wildcard_subscription_available, "wildcard-subscription-available", Kind::byte, connack,
     false},
    {Id::subscription_identifier_available, "subscription-identifier-available", Kind::byte,
     connack, false},
    {Id::shared_subscription_available, "shared-subscription-available", Kind::byte, connack,
     false},
}};

constexpr std::size_t id_count = 43;

constexpr std::array<const PropertyRow*, id_count> rows_by_id() {
  std::array<const PropertyRow*, id_count> by_id{};
  for (const PropertyRow& row : rows) by_id[static_cast<std::size_t>(row.id)] = &row;
  return by_id;
}

constexpr std::array<const PropertyRow*, id_count> row_of_id = rows_by_id();

}  // namespace

const PropertyRow* find_property(std::uint32_t id) {
  return id < id_count ? row_of_id[id] : nullptr;
}

const PropertyRow* find_property(std::string_view name) {
  const auto* const row = std::find_if(
      rows.begin(), rows.end(), [name](const PropertyRow& each) { return each.name == name; });
  return row == rows.end() ? nullptr : row;
}

}  // namespace mqz::mqtt
