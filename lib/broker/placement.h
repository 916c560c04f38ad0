// Which shard a client without a session is given to; the front's. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lib/broker/record.h"

namespace mqz::broker {

// How new sessions are spread over the shards.
enum class Placement : std::uint8_t {
  pack,    // on the first shard that has time: fewer wake-ups while there is little to do
  spread,  // in turn
};

class Placer {
 public:
  Placer(Placement placement, ShardIndex here, ShardIndex count)
      : placement_(placement), here_(here), count_(count) {}

  // For the next client.
  ShardIndex choose();

  // Every now and then: how busy each shard is, in thousandths, and how many connections this one
  // holds. Clients that soon leave again are not given away: what they cost is accepting and
  // parting, which the front does for all, and being handed over comes on top.
  void note(std::span<const std::uint16_t> loads, std::size_t held);

 private:
  static constexpr std::uint16_t busy = 700;
  static constexpr std::uint64_t visitors_min = 100;  // fewer say nothing about the next

  Placement placement_;
  ShardIndex here_;
  ShardIndex count_;
  ShardIndex next_ = 0;  // spread
  std::vector<std::uint16_t> loads_{};

  std::uint64_t kept_ = 0;    // clients since the last note that were placed here
  std::size_t held_ = 0;      // connections at the last note
  bool are_passing_ = false;  // those of the time before were gone at its end
};

}  // namespace mqz::broker
