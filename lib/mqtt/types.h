// The words of MQTT 3.1 (MQIsdp), 3.1.1 and 5.0: versions, packet types, qualities of service and
// reason codes. Section numbers are those of the MQTT 5.0 specification unless another is named.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mqz::mqtt {

// The Protocol Level byte of CONNECT (3.1.2.2).
enum class Version : std::uint8_t { v31 = 3, v311 = 4, v5 = 5 };

// Control packet types (2.1.2). The value is the high half of a packet's first byte.
enum class PacketType : std::uint8_t {
  connect = 1,
  connack = 2,
  publish = 3,
  puback = 4,
  pubrec = 5,
  pubrel = 6,
  pubcomp = 7,
  subscribe = 8,
  suback = 9,
  unsubscribe = 10,
  unsuback = 11,
  pingreq = 12,
  pingresp = 13,
  disconnect = 14,
  auth = 15,
};

enum class Qos : std::uint8_t { at_most_once = 0, at_least_once = 1, exactly_once = 2 };

// Reason codes (2.4). One enumeration for all packets; which packet may carry which code is
// decided by is_allowed_reason. 0x00 is success, normal disconnection and granted QoS 0.
enum class Reason : std::uint8_t {
  success = 0x00,
  granted_qos_1 = 0x01,
  granted_qos_2 = 0x02,
  disconnect_with_will = 0x04,
  no_matching_subscribers = 0x10,
  no_subscription_existed = 0x11,
  continue_authentication = 0x18,
  reauthenticate = 0x19,
  unspecified_error = 0x80,
  malformed_packet = 0x81,
  protocol_error = 0x82,
  implementation_specific_error = 0x83,
  unsupported_protocol_version = 0x84,
  client_identifier_not_valid = 0x85,
  bad_user_name_or_password = 0x86,
  not_authorized = 0x87,
  server_unavailable = 0x88,
  server_busy = 0x89,
  banned = 0x8A,
  server_shutting_down = 0x8B,
  bad_authentication_method = 0x8C,
  keep_alive_timeout = 0x8D,
  session_taken_over = 0x8E,
  topic_filter_invalid = 0x8F,
  topic_name_invalid = 0x90,
  packet_identifier_in_use = 0x91,
  packet_identifier_not_found = 0x92,
  receive_maximum_exceeded = 0x93,
  topic_alias_invalid = 0x94,
  packet_too_large = 0x95,
  message_rate_too_high = 0x96,
  quota_exceeded = 0x97,
  administrative_action = 0x98,
  payload_format_invalid = 0x99,
  retain_not_supported = 0x9A,
  qos_not_supported = 0x9B,
  use_another_server = 0x9C,
  server_moved = 0x9D,
  shared_subscriptions_not_supported = 0x9E,
  connection_rate_exceeded = 0x9F,
  maximum_connect_time = 0xA0,
  subscription_identifiers_not_supported = 0xA1,
  wildcard_subscriptions_not_supported = 0xA2,
};

constexpr bool is_failure(Reason reason) { return static_cast<std::uint8_t>(reason) >= 0x80; }

// "not authorized", "session taken over", …; for people. Never empty.
std::string_view reason_text(Reason reason);

// May a packet of this type carry this code, whoever sends it? (2.4; direction.h knows the senders)
bool is_allowed_reason(PacketType type, Reason reason);

// "PUBLISH", "CONNACK", …; "reserved" for 0.
std::string_view packet_name(PacketType type);

// The largest Remaining Length (1.5.5, 2.1.4), and the largest whole packet.
inline constexpr std::size_t remaining_length_max = 268'435'455;
inline constexpr std::size_t packet_bytes_max = remaining_length_max + 5;

// The CONNACK return codes of 3.1 and 3.1.1 (3.1.1 section 3.2.2.3).
enum class ConnectReturn : std::uint8_t {
  accepted = 0,
  unacceptable_protocol_version = 1,
  identifier_rejected = 2,
  server_unavailable = 3,
  bad_user_name_or_password = 4,
  not_authorized = 5,
};

// The 3.x return code that says most nearly what a 5.0 reason says.
ConnectReturn connect_return(Reason reason);

}  // namespace mqz::mqtt
