// What a client says in its CONNECT, and the limits it sets itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/mqtt/packets.h"
#include "lib/mqtt/property.h"

namespace mqz::backend {

struct WillOptions {
  std::string topic{};
  std::string payload{};
  mqtt::Qos qos{};
  bool retain = false;
  mqtt::PropertyWriter properties{};
};

struct ConnectOptions {
  std::string client_id{};  // empty: the server gives one (5), or a clean session without (3.1.1)
  bool clean_start = true;
  std::uint16_t keep_alive_s = 60;
  std::optional<std::string> user_name{};
  std::optional<std::string> password{};
  std::optional<WillOptions> will{};
  mqtt::PropertyWriter properties{};  // of CONNECT; sent in version 5 only

  mqtt::Version version = mqtt::Version::v5;
  bool version_pinned = false;  // else 3.1.1 is tried after a server that does not speak 5

  std::size_t inflight_max = 1000;  // messages; the server's Receive Maximum may say less
  std::size_t inflight_bytes_max = 4U << 20U;  // of their packets; one message may always be larger
  std::size_t outbox_bytes_max = 256U << 10U;  // has_room is false above it
  std::size_t packet_bytes_max = mqtt::packet_bytes_max;  // of received packets
  bool trace = false;                                     // on_packet is called
};

}  // namespace mqz::backend
