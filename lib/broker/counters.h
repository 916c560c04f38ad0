// What a shard has seen and done since the start, and what it holds now.
#pragma once

#include <cstdint>

namespace mqz::broker {

struct Counters {
  std::uint64_t connections_accepted = 0;
  std::uint64_t packets_received = 0;
  std::uint64_t publishes_received = 0;
  std::uint64_t publishes_sent = 0;
  std::uint64_t publishes_dropped = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t sessions_expired = 0;
  std::uint64_t publishes_refused = 0;  // for want of room on the disk

  std::uint64_t connections = 0;
  std::uint64_t sessions = 0;
  std::uint64_t subscriptions = 0;
  std::uint64_t shared_subscriptions = 0;
  std::uint64_t retained = 0;
  std::uint64_t retained_bytes = 0;

  Counters& operator+=(const Counters& other) {
    connections_accepted += other.connections_accepted;
    packets_received += other.packets_received;
    publishes_received += other.publishes_received;
    publishes_sent += other.publishes_sent;
    publishes_dropped += other.publishes_dropped;
    bytes_received += other.bytes_received;
    bytes_sent += other.bytes_sent;
    sessions_expired += other.sessions_expired;
    publishes_refused += other.publishes_refused;
    connections += other.connections;
    sessions += other.sessions;
    subscriptions += other.subscriptions;
    shared_subscriptions += other.shared_subscriptions;
    retained += other.retained;
    retained_bytes += other.retained_bytes;
    return *this;
  }
};

}  // namespace mqz::broker
