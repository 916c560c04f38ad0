// What a shard has seen and done since the start.
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
};

}  // namespace mqz::broker
