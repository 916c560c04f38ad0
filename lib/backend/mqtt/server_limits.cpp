#include "lib/backend/mqtt/server_limits.h"

#include <algorithm>

#include "lib/backend/mqtt/inflight.h"
#include "lib/mqtt/encode.h"

namespace mqz::backend {

using mqtt::PropertyId;

ServerLimits limits_of(mqtt::PropertyView connack, const ConnectOptions& options) {
  ServerLimits limits;
  limits.keep_alive_s = static_cast<std::uint16_t>(
      connack.number(PropertyId::server_keep_alive).value_or(options.keep_alive_s));
  const std::size_t receive_maximum = connack.number(PropertyId::receive_maximum).value_or(65'535);
  limits.window = std::min(
      {std::max<std::size_t>(options.inflight_max, 1), receive_maximum, Inflight::window_max});
  limits.packet_bytes = std::min<std::size_t>(
      connack.number(PropertyId::maximum_packet_size).value_or(mqtt::packet_bytes_max),
      mqtt::packet_bytes_max);
  limits.qos = static_cast<mqtt::Qos>(connack.number(PropertyId::maximum_qos).value_or(2));
  limits.retain = connack.number(PropertyId::retain_available).value_or(1) != 0;
  return limits;
}

Result<void> check_allowed(const ServerLimits& limits, const mqtt::Publish& message,
                           mqtt::Version version) {
  if (message.qos > limits.qos) {
    return fail(ErrorCode::refused, "the server allows QoS " +
                                        std::to_string(static_cast<int>(limits.qos)) + " at most");
  }
  if (message.retain && !limits.retain) {
    return fail(ErrorCode::refused, "the server does not retain messages");
  }
  const std::size_t bytes = encoded_size(message, version);
  if (bytes > limits.packet_bytes) {
    return fail(
        ErrorCode::refused,
        "the message makes a packet of " + std::to_string(bytes) + " bytes; " +
            (limits.packet_bytes < mqtt::packet_bytes_max ? "the server allows " : "MQTT allows ") +
            std::to_string(limits.packet_bytes));
  }
  return {};
}

}  // namespace mqz::backend
