#include "lib/broker/server.h"

#include <algorithm>

#include "lib/os/random.h"

namespace mqz::broker {

Result<std::unique_ptr<Server>> Server::open(ServerOptions options,
                                             std::vector<os::Listener> listeners,
                                             std::vector<std::uint16_t> settings_index) {
  std::unique_ptr<Server> server(new Server(options.shard_count, options.listener_settings.size()));
  auto log = EventLog::open(options.log);
  if (!log) return tl::unexpected(log.error());
  server->log_ = std::move(*log);
  const std::uint64_t hash_seed = os::random_u64();
  const std::uint64_t name_seed = os::random_u64();
  std::vector<ShardLoop*> peers;
  for (ShardIndex index = 0; index < options.shard_count; ++index) {
    Shard::Options shard{.index = index,
                         .count = options.shard_count,
                         .settings = options.settings,
                         .hash_seed = hash_seed,
                         .name_seed = name_seed,
                         .placement = options.placement,
                         .listeners = options.listener_settings,
                         .sys_interval_s = options.sys_interval_s,
                         .version = options.version,
                         .log = server->log_.get(),
                         .peer_of = os::peer_text,
                         .connections = &server->connections_,
                         .listener_connections = server->listener_connections_.data()};
    if (index == front_shard) shard.sequencer = std::make_unique<MemorySequencer>();
    auto loop = ShardLoop::open(std::move(shard), server->loads_);
    if (!loop) return tl::unexpected(loop.error());
    peers.push_back(loop->get());
    server->loops_.push_back(std::move(*loop));
  }
  for (const auto& loop : server->loops_) loop->set_peers(peers);
  if (auto listening =
          server->loops_[front_shard]->listen(std::move(listeners), std::move(settings_index));
      !listening) {
    return tl::unexpected(listening.error());
  }
  return server;
}

Server::~Server() { stop(); }

void Server::start() {
  for (const auto& loop : loops_) threads_.emplace_back([&loop = *loop] { loop.run(); });
}

// The front last: it still takes what the others post.
void Server::stop() {
  for (auto loop = loops_.rbegin(); loop != loops_.rend(); ++loop)
    (*loop)->mailbox().tell_to_drain();
  threads_.clear();
}

}  // namespace mqz::broker
