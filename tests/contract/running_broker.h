// A broker with its threads and sockets, on a free port of the loopback, and threads of clients.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/broker/server.h"

namespace mqz::contract {

class RunningBroker {
 public:
  // Clients are spread over the shards; everything is logged to $SYS.
  explicit RunningBroker(broker::ShardIndex shard_count, broker::StoreOptions store = {});
  std::uint16_t port() const { return port_; }
  broker::Server& server() { return *server_; }
  void stop() { server_->stop(); }

 private:
  std::uint16_t port_ = 0;
  std::unique_ptr<broker::Server> server_{};
};

// Runs each on a thread of its own and waits for all. They return what is wrong, or nothing; what
// they returned is joined.
std::string run_together(const std::vector<std::function<std::string()>>& clients);

}  // namespace mqz::contract
