// The specification's Table 2-6: every reason code, its text and the packets that may carry it.
#include <algorithm>
#include <array>

#include "lib/mqtt/types.h"

namespace mqz::mqtt {

namespace {

struct ReasonRow {
  Reason reason{};
  std::string_view text{};
  std::uint16_t packets{};  // bit (1 << PacketType)
};

constexpr std::uint16_t bit(PacketType type) {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(type));
}

constexpr unsigned connack = bit(PacketType::connack);
constexpr unsigned puback = bit(PacketType::puback);
constexpr unsigned pubrec = bit(PacketType::pubrec);
constexpr unsigned pubrel = bit(PacketType::pubrel);
constexpr unsigned pubcomp = bit(PacketType::pubcomp);
constexpr unsigned suback = bit(PacketType::suback);
constexpr unsigned unsuback = bit(PacketType::unsuback);
constexpr unsigned disconnect = bit(PacketType::disconnect);
constexpr unsigned auth = bit(PacketType::auth);
constexpr unsigned received = puback | pubrec;
constexpr unsigned released = pubrel | pubcomp;
constexpr unsigned answered = suback | unsuback;

constexpr std::array<ReasonRow, 43> rows = {{
    {Reason::success, "success", connack | received | released | answered | disconnect | auth},
    {Reason::granted_qos_1, "granted QoS 1", suback},
    {Reason::granted_qos_2, "granted QoS 2", suback},
    {Reason::disconnect_with_will, "disconnect with will message", disconnect},
    {Reason::no_matching_subscribers, "no matching subscribers", received},
    {Reason::no_subscription_existed, "no subscription existed", unsuback},
    {Reason::continue_authentication, "continue authentication", auth},
    {Reason::reauthenticate, "re-authenticate", auth},
    {Reason::unspecified_error, "unspecified error", connack | received | answered | disconnect},
    {Reason::malformed_packet, "malformed packet", connack | disconnect},
    {Reason::protocol_error, "protocol error", connack | disconnect},
    {Reason::implementation_specific_error, "implementation specific error",
     connack | received | answered | disconnect},
    {Reason::unsupported_protocol_version, "unsupported protocol version", connack},
    {Reason::client_identifier_not_valid, "client identifier not valid", connack},
    {Reason::bad_user_name_or_password, "bad user name or password", connack},
    {Reason::not_authorized, "not authorized", connack | received | answered | disconnect},
    {Reason::server_unavailable, "server unavailable", connack},
    {Reason::server_busy, "server busy", connack | disconnect},
    {Reason::banned, "banned", connack},
    {Reason::server_shutting_down, "server shutting down", disconnect},
    {Reason::bad_authentication_method, "bad authentication method", connack | disconnect},
    {Reason::keep_alive_timeout, "keep alive timeout", disconnect},
    {Reason::session_taken_over, "session taken over", disconnect},
    {Reason::topic_filter_invalid, "topic filter invalid", answered | disconnect},
    {Reason::topic_name_invalid, "topic name invalid", connack | received | disconnect},
    {Reason::packet_identifier_in_use, "packet identifier in use", received | answered},
    {Reason::packet_identifier_not_found, "packet identifier not found", released},
    {Reason::receive_maximum_exceeded, "receive maximum exceeded", disconnect},
    {Reason::topic_alias_invalid, "topic alias invalid", disconnect},
    {Reason::packet_too_large, "packet too large", connack | disconnect},
    {Reason::message_rate_too_high, "message rate too high", disconnect},
    {Reason::quota_exceeded, "quota exceeded", connack | received | suback | disconnect},
    {Reason::administrative_action, "administrative action", disconnect},
    {Reason::payload_format_invalid, "payload format invalid", connack | received | disconnect},
    {Reason::retain_not_supported, "retain not supported", connack | disconnect},
    {Reason::qos_not_supported, "QoS not supported", connack | disconnect},
    {Reason::use_another_server, "use another server", connack | disconnect},
    {Reason::server_moved, "server moved", connack | disconnect},
    {Reason::shared_subscriptions_not_supported, "shared subscriptions not supported",
     suback | disconnect},
    {Reason::connection_rate_exceeded, "connection rate exceeded", connack | disconnect},
    {Reason::maximum_connect_time, "maximum connect time", disconnect},
    {Reason::subscription_identifiers_not_supported, "subscription identifiers not supported",
     suback | disconnect},
    {Reason::wildcard_subscriptions_not_supported, "wildcard subscriptions not supported",
     suback | disconnect},
}};

constexpr std::array<std::uint16_t, 256> packets_by_code() {
  std::array<std::uint16_t, 256> packets{};
  for (const ReasonRow& row : rows) packets[static_cast<std::size_t>(row.reason)] |= row.packets;
  return packets;
}

constexpr std::array<std::uint16_t, 256> allowed_packets = packets_by_code();

}  // namespace

std::string_view reason_text(Reason reason) {
  const auto* const row = std::find_if(
      rows.begin(), rows.end(), [reason](const ReasonRow& each) { return each.reason == reason; });
  return row == rows.end() ? "unknown reason" : row->text;
}

bool is_allowed_reason(PacketType type, Reason reason) {
  return (allowed_packets[static_cast<std::size_t>(reason)] & bit(type)) != 0;
}

}  // namespace mqz::mqtt
