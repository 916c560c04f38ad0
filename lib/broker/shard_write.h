// Writing whole packets into an outbox; part of the shard's own sources.
#pragma once

#include "lib/broker/shard.h"
#include "lib/mqtt/encode.h"

namespace mqz::broker {

// The bit of Interest for durable sessions of all other shards; shards have the bits of their index.
inline constexpr unsigned durable_interest = 63;

// Not for PUBLISH. A packet larger than the client accepts goes without its properties.
template <typename Packet>
void Shard::write(Connection& connection, const Packet& packet) {
  std::size_t size = mqtt::encoded_size(packet, connection.version);
  if (size <= connection.packet_bytes_max) {
    mqtt::encode(packet, connection.version, connection.out.reserve(size));
  } else {
    Packet plain = packet;
    plain.properties = {};
    size = mqtt::encoded_size(plain, connection.version);
    mqtt::encode(plain, connection.version, connection.out.reserve(size));
  }
  touch(connection);
}

}  // namespace mqz::broker
