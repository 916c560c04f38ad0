// What a server allows on a connection, as its CONNACK says.
#pragma once

#include "lib/backend/mqtt/connect_options.h"
#include "lib/base/error.h"

namespace mqz::backend {

struct ServerLimits {
  std::size_t window = 0;  // messages of QoS 1 and 2 under way; ours, if that is smaller
  std::size_t packet_bytes = mqtt::packet_bytes_max;
  mqtt::Qos qos = mqtt::Qos::exactly_once;
  bool retain = true;
  std::uint16_t keep_alive_s = 0;
};

ServerLimits limits_of(mqtt::PropertyView connack, const ConnectOptions& options);

// ErrorCode::refused with what the server does not allow.
Result<void> check_allowed(const ServerLimits& limits, const mqtt::Publish& message,
                           mqtt::Version version);

}  // namespace mqz::backend
