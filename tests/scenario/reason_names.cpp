#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "tests/scenario/packet_text.h"

namespace mqz::scenario {

namespace {

using mqtt::Reason;

constexpr std::array<std::pair<Reason, std::string_view>, 44> names{{
    {Reason::success, "success"},
    {Reason::granted_qos_1, "granted-qos-1"},
    {Reason::granted_qos_2, "granted-qos-2"},
    {Reason::disconnect_with_will, "disconnect-with-will"},
    {Reason::no_matching_subscribers, "no-matching-subscribers"},
    {Reason::no_subscription_existed, "no-subscription-existed"},
    {Reason::continue_authentication, "continue-authentication"},
    {Reason::reauthenticate, "reauthenticate"},
    {Reason::unspecified_error, "unspecified-error"},
    {Reason::malformed_packet, "malformed-packet"},
    {Reason::protocol_error, "protocol-error"},
    {Reason::implementation_specific_error, "implementation-specific-error"},
    {Reason::unsupported_protocol_version, "unsupported-protocol-version"},
    {Reason::client_identifier_not_valid, "client-identifier-not-valid"},
    {Reason::bad_user_name_or_password, "bad-user-name-or-password"},
    {Reason::not_authorized, "not-authorized"},
    {Reason::server_unavailable, "server-unavailable"},
    {Reason::server_busy, "server-busy"},
    {Reason::banned, "banned"},
    {Reason::server_shutting_down, "server-shutting-down"},
    {Reason::bad_authentication_method, "bad-authentication-method"},
    {Reason::keep_alive_timeout, "keep-alive-timeout"},
    {Reason::session_taken_over, "session-taken-over"},
    {Reason::topic_filter_invalid, "topic-filter-invalid"},
    {Reason::topic_name_invalid, "topic-name-invalid"},
    {Reason::packet_identifier_in_use, "packet-identifier-in-use"},
    {Reason::packet_identifier_not_found, "packet-identifier-not-found"},
    {Reason::receive_maximum_exceeded, "receive-maximum-exceeded"},
    {Reason::topic_alias_invalid, "topic-alias-invalid"},
    {Reason::packet_too_large, "packet-too-large"},
    {Reason::message_rate_too_high, "message-rate-too-high"},
    {Reason::quota_exceeded, "quota-exceeded"},
    {Reason::administrative_action, "administrative-action"},
    {Reason::payload_format_invalid, "payload-format-invalid"},
    {Reason::retain_not_supported, "retain-not-supported"},
    {Reason::qos_not_supported, "qos-not-supported"},
    {Reason::use_another_server, "use-another-server"},
    {Reason::server_moved, "server-moved"},
    {Reason::shared_subscriptions_not_supported, "shared-subscriptions-not-supported"},
    {Reason::connection_rate_exceeded, "connection-rate-exceeded"},
    {Reason::maximum_connect_time, "maximum-connect-time"},
    {Reason::subscription_identifiers_not_supported, "subscription-identifiers-not-supported"},
    {Reason::wildcard_subscriptions_not_supported, "wildcard-subscriptions-not-supported"},
    {Reason::success, "granted-qos-0"},
}};

}  // namespace

std::string reason_name(mqtt::Reason reason) {
  for (const auto& [code, name] : names) {
    if (code == reason) return std::string(name);
  }
  return fmt::format("0x{:02x}", static_cast<unsigned>(reason));
}

std::optional<mqtt::Reason> find_reason(std::string_view name) {
  for (const auto& [code, known] : names) {
    if (known == name) return code;
  }
  if (name.substr(0, 2) != "0x") return std::nullopt;
  unsigned code = 0;
  const char* end = name.data() + name.size();
  const auto read = std::from_chars(name.data() + 2, end, code, 16);
  if (read.ec != std::errc{} || read.ptr != end || code > 0xFF) return std::nullopt;
  return static_cast<mqtt::Reason>(code);
}

}  // namespace mqz::scenario
