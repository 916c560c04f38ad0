#include "lib/broker/sys_topics.h"

#include <fmt/format.h>

#include <algorithm>

namespace mqz::broker {

std::vector<SysTopic> sys_topics(const Counters& total, std::string_view version,
                                 std::string_view durability, std::uint64_t uptime_s,
                                 std::uint64_t clients_maximum) {
  const auto number = [](std::uint64_t value) { return fmt::format("{}", value); };
  const std::uint64_t absent = total.sessions - std::min(total.sessions, total.connections);
  return {
      {"$SYS/broker/version", fmt::format("mqz version {}", version)},
      {"$SYS/broker/uptime", fmt::format("{} seconds", uptime_s)},
      {"$SYS/broker/clients/total", number(std::max(total.sessions, total.connections))},
      {"$SYS/broker/clients/connected", number(total.connections)},
      {"$SYS/broker/clients/active", number(total.connections)},
      {"$SYS/broker/clients/disconnected", number(absent)},
      {"$SYS/broker/clients/inactive", number(absent)},
      {"$SYS/broker/clients/maximum", number(clients_maximum)},
      {"$SYS/broker/clients/expired", number(total.sessions_expired)},
      {"$SYS/broker/messages/received", number(total.packets_received)},
      {"$SYS/broker/publish/messages/received", number(total.publishes_received)},
      {"$SYS/broker/publish/messages/sent", number(total.publishes_sent)},
      {"$SYS/broker/publish/messages/dropped", number(total.publishes_dropped)},
      {"$SYS/broker/publish/messages/refused", number(total.publishes_refused)},
      {"$SYS/broker/bytes/received", number(total.bytes_received)},
      {"$SYS/broker/bytes/sent", number(total.bytes_sent)},
      {"$SYS/broker/subscriptions/count", number(total.subscriptions)},
      {"$SYS/broker/shared_subscriptions/count", number(total.shared_subscriptions)},
      {"$SYS/broker/retained messages/count", number(total.retained)},
      {"$SYS/broker/store/messages/count", number(total.retained)},
      {"$SYS/broker/store/messages/bytes", number(total.retained_bytes)},
      {"$SYS/broker/store/durability", std::string(durability)},
  };
}

}  // namespace mqz::broker
