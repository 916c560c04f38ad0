// A running broker: its listeners, its shards' threads, and the way it stops.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "lib/base/error.h"
#include "lib/broker/shard_loop.h"

namespace mqz::broker {

struct ServerOptions {
  Settings settings{};
  std::vector<Settings> listener_settings{};
  Log log{};
  std::uint32_t sys_interval_s = 10;
  std::string version{};
  ShardIndex shard_count = 1;
  Placement placement = Placement::pack;
};

class Server {
 public:
  // Owns the listeners from here on. Nothing runs before start.
  // `settings_index` says for each listener which of listener_settings holds.
  static Result<std::unique_ptr<Server>> open(ServerOptions options,
                                              std::vector<os::Listener> listeners,
                                              std::vector<std::uint16_t> settings_index);
  ~Server();

  void start();
  EventLog& log() { return *log_; }
  // Says goodbye to every client (within a second) and waits until all shards have ended.
  void stop();

 private:
  explicit Server(ShardIndex shard_count) : loads_(shard_count) {}

  Loads loads_;
  std::atomic<std::size_t> connections_{0};
  std::vector<std::atomic<std::size_t>> listener_connections_{};
  std::unique_ptr<EventLog> log_{};
  std::vector<std::unique_ptr<ShardLoop>> loops_{};
  std::vector<std::jthread> threads_{};
};

}  // namespace mqz::broker
