// The limits and habits of a broker, as its shards see them: plain values with their defaults.
// Configuration words and flags end up here; nothing below looks at a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "lib/mqtt/types.h"

namespace mqz::broker {

struct Settings {
  // What is announced and enforced.
  std::uint16_t receive_max = 20;   // QoS 1/2 from a client not yet answered; 0x93 beyond
  std::uint16_t inflight_max = 20;  // QoS 1/2 to a client not yet acknowledged
  std::size_t packet_bytes_max = mqtt::packet_bytes_max;
  std::size_t connect_bytes_max = 100'000;  // of a CONNECT, will included; closed beyond
  std::size_t message_bytes_max = mqtt::packet_bytes_max;  // payload of a PUBLISH; 0x97 beyond
  std::uint16_t topic_alias_max = 10;                      // aliases a client may use
  std::uint16_t topic_alias_out_max = 10;                  // aliases we use towards a client
  std::uint16_t keep_alive_max_s =
      65'535;  // larger or no keep-alive is replaced by it (v5 is told)
  mqtt::Qos qos_max = mqtt::Qos::exactly_once;
  bool retain_available = true;
  std::size_t topic_levels_max = 200;
  std::size_t filters_per_session_max = 100'000;

  // Who may come in.
  bool allow_anonymous = true;
  bool allow_empty_client_id = true;
  std::string client_id_prefix = "auto-";
  std::uint32_t session_expiry_max_s = UINT32_MAX;  // UINT32_MAX: sessions may live for ever
  std::size_t connections_max = SIZE_MAX;
  std::size_t listener_connections_max = SIZE_MAX;  // of those that came in by this listener
  std::uint32_t connect_timeout_ms = 10'000;        // from accept to CONNECT

  // How much may wait.
  std::size_t outgoing_bytes_max = 64ULL << 20U;  // per connection; beyond it QoS 0 is dropped
  std::size_t queue_bytes_max = 1ULL << 30U;      // QoS 1/2 per session
  std::size_t queue_messages_max = 0;             // QoS 1/2 per session beyond the window; 0: none
  bool queue_qos0 = false;                        // keep QoS 0 for absent durable sessions
  std::size_t memory_bytes_max = 0;               // 0: none

  std::uint32_t response_information_max = 0;
};

}  // namespace mqz::broker
