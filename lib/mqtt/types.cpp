#include "lib/mqtt/types.h"

#include <array>

namespace mqz::mqtt {

std::string_view packet_name(PacketType type) {
  static constexpr std::array<std::string_view, 16> names = {
      "reserved", "CONNECT",  "CONNACK",    "PUBLISH", "PUBACK",      "PUBREC",
      "PUBREL",   "PUBCOMP",  "SUBSCRIBE",  "SUBACK",  "UNSUBSCRIBE", "UNSUBACK",
      "PINGREQ",  "PINGRESP", "DISCONNECT", "AUTH"};
  return names[static_cast<std::size_t>(type) & 0x0FU];
}

ConnectReturn connect_return(Reason reason) {
  if (!is_failure(reason)) return ConnectReturn::accepted;
  if (reason == Reason::unsupported_protocol_version) {
    return ConnectReturn::unacceptable_protocol_version;
  }
  if (reason == Reason::client_identifier_not_valid) return ConnectReturn::identifier_rejected;
  if (reason == Reason::bad_user_name_or_password) return ConnectReturn::bad_user_name_or_password;
  const bool is_refusal = reason == Reason::not_authorized || reason == Reason::banned ||
                          reason == Reason::bad_authentication_method;
  return is_refusal ? ConnectReturn::not_authorized : ConnectReturn::server_unavailable;
}

}  // namespace mqz::mqtt
