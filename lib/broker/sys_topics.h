// The $SYS/broker topics, with the names that Mosquitto gives them, from what all shards count.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/broker/counters.h"

namespace mqz::broker {

struct SysTopic {
  std::string_view topic{};
  std::string text{};
};

// `durability` is what an acknowledgement promises; `uptime_s` in seconds; `clients_maximum` is the
// most that were ever connected at once.
std::vector<SysTopic> sys_topics(const Counters& total, std::string_view version,
                                 std::string_view durability, std::uint64_t uptime_s,
                                 std::uint64_t clients_maximum);

}  // namespace mqz::broker
