#include "tests/contract/running_broker.h"

#include <catch2/catch.hpp>
#include <thread>

namespace mqz::contract {

RunningBroker::RunningBroker(broker::ShardIndex shard_count, broker::StoreOptions store) {
  auto listener = os::listen_on(os::resolve("127.0.0.1", 0)->front());
  REQUIRE(listener);
  const std::string& address = listener->address.text;
  port_ = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  broker::ServerOptions options{.sys_interval_s = 1,
                                .store = std::move(store),
                                .shard_count = shard_count,
                                .placement = broker::Placement::spread};
  options.log.types = UINT16_MAX;
  options.log.to_topic = true;
  std::vector<os::Listener> listeners;
  listeners.push_back(std::move(*listener));
  auto server = broker::Server::open(std::move(options), std::move(listeners), {0});
  REQUIRE(server);
  server_ = std::move(*server);
  server_->start();
}

std::string run_together(const std::vector<std::function<std::string()>>& clients) {
  std::vector<std::string> complaints(clients.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t index = 0; index < clients.size(); ++index) {
      threads.emplace_back([&, index] { complaints[index] = clients[index](); });
    }
  }
  std::string all;
  for (const std::string& one : complaints) {
    if (!one.empty()) all += one + "\n";
  }
  return all;
}

}  // namespace mqz::contract
