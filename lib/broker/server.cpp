#include "lib/broker/server.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/broker/journal_sequencer.h"
#include "lib/os/clock.h"
#include "lib/os/random.h"

namespace mqz::broker {

Result<std::unique_ptr<Server>> Server::open(ServerOptions options,
                                             std::vector<os::Listener> listeners,
                                             std::vector<std::uint16_t> settings_index) {
  auto server = make(options);
  if (!server && server.error().code == ErrorCode::corrupt && options.store.salvages) {
    // What was read before the damage is in the shards of that server: they go with it.
    auto repaired = storage::repair_store(disk_of(options.store), options.store.directory);
    if (!repaired) return tl::unexpected(repaired.error());
    auto accepted = storage::accept_loss(disk_of(options.store), options.store.directory);
    if (!accepted) return tl::unexpected(accepted.error());
    server = make(options);
    if (server) (*server)->log_repair(*repaired);
    if (server) (*server)->repaired_ = std::move(*repaired);
  }
  if (!server) return server;
  if (auto listening =
          (*server)->loops_[front_shard]->listen(std::move(listeners), std::move(settings_index));
      !listening) {
    return tl::unexpected(listening.error());
  }
  return server;
}

Result<std::unique_ptr<Server>> Server::make(const ServerOptions& options) {
  auto failure = os::Wakeup::open();
  if (!failure) return tl::unexpected(failure.error());
  std::unique_ptr<Server> server(
      new Server(options.shard_count, options.listener_settings.size(), std::move(*failure)));
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
                         .durability = durability_text(options.store),
                         .log = server->log_.get(),
                         .repair_command = options.store.repair_command,
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
  server->clock_ = BrokerClock({}, os::read_clocks());
  for (const auto& loop : server->loops_) loop->use(server->clock_);
  if (auto opened = server->open_store(options.store); !opened)
    return tl::unexpected(opened.error());
  return server;
}

// The state comes back before the first thread starts.
Result<void> Server::open_store(const StoreOptions& options) {
  if (options.directory.empty()) return {};
  std::vector<Shard*> shards;
  for (const auto& loop : loops_) shards.push_back(&loop->shard());
  Replay replay(shards);
  auto store = Store::open(options, replay);
  if (!store) return tl::unexpected(store.error());
  store_ = std::move(*store);
  log_torn(store_->report().journal);
  const auto accepted = storage::accepted_loss(disk_of(options), options.directory);
  if (!accepted) return tl::unexpected(accepted.error());
  accepted_ = options.salvages ? storage::any_loss : *accepted;
  if (store_->broken_messages() > 0) {
    log_->write(LogType::error, fmt::format("{} messages of which a part is missing are lost",
                                            store_->broken_messages()));
  }
  if (auto checked = check_queues(replay); !checked) return checked;
  auto sequencer = std::make_unique<JournalSequencer>(store_->journal(), os::random_u64());
  const storage::OpenReport& report = store_->report();
  const SnapshotKeeper::Found found{report.journal.bytes, store_->snapshot_bytes(),
                                    report.snapshot.header.replay_from};
  snapshots_ = std::make_unique<SnapshotKeeper>(
      store_->journal(), *sequencer, options.snapshot_bytes, found, log_.get(),
      [front = loops_.front().get()] { front->mailbox().wake(); });
  loops_.front()->on_turn(
      [this](MonoTime time) { snapshots_->step(loops_.front()->shard(), time); });
  shards.front()->use(std::move(sequencer));
  space_ = store_->journal().space();
  if (space_ != storage::SpaceState::ok) log_->write(LogType::error, store_->journal().shortage());
  store_->start([this] { on_store_news(); });
  const Now system = os::read_clocks();
  clock_ = BrokerClock(replay.clock(), system);
  for (Shard* shard : shards) shard->set_now(clock_.at(system.mono));
  replay.finish();
  shards.front()->flush();
  for (const auto& loop : loops_) {
    loop->set_journal(store_->journal());
    loop->shard().use(std::make_unique<JournalMessages>(store_->journal().segments(), accepted_));
  }
  return {};
}

// Is every segment there that long queues have messages in?
Result<void> Server::check_queues(const Replay& replay) {
  storage::Journal& journal = store_->journal();
  for (const MissingMessages& missing : replay.find_missing(journal.segments())) {
    const std::string path = fmt::format("{}/{}", journal.directory(), missing.file);
    if (!accepted_.covers(missing.ordinal))
      return fail(ErrorCode::corrupt, text_of(missing, journal.directory()));
    journal.note_missing(missing.ordinal, {missing.first, path});
    for (const auto& [client, count] : missing.clients) {
      log_->write(LogType::error, fmt::format("client {}: {} waiting for it cannot be read: {} "
                                              "is missing",
                                              client, count_messages(count), path));
    }
  }
  return {};
}

// A write that the broker's end has interrupted looks like one that was damaged later.
void Server::log_torn(const storage::RecoveryReport& report) {
  if (report.torn_bytes == 0) return;
  log_->write(LogType::warning,
              fmt::format("{}: offset {}: the last write was incomplete: {} bytes were cut; a "
                          "message in it was acknowledged only if these bytes were damaged later",
                          report.torn_file, report.torn_offset, report.torn_bytes));
}

void Server::log_repair(const storage::RepairReport& report) {
  for (const storage::LostRange& lost : report.lost)
    log_->write(LogType::error, "the store was damaged: " + storage::text_of(lost));
  if (report.lost_of_snapshot > 0)
    log_->write(LogType::error, "the store was damaged: some of its snapshot is lost");
  for (const std::string& done : report.done) log_->write(LogType::warning, "repaired: " + done);
}

// On the committer's thread. Who withholds publishes has to learn that there is room.
void Server::on_store_news() {
  const bool has_changed = store_->journal().space() != space_;
  const bool is_short = has_changed && space_ == storage::SpaceState::ok;
  space_ = store_->journal().space();
  if (is_short) log_->write(LogType::error, store_->journal().shortage());
  const std::size_t woken = has_changed ? loops_.size() : 1;
  for (std::size_t index = 0; index < woken; ++index) loops_[index]->mailbox().wake();
  if (store_->journal().failure()) failure_.wake();
}

std::optional<Error> Server::failure() const {
  return store_ ? store_->journal().failure() : std::nullopt;
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
  snapshots_.reset();  // one that is being taken is given up
}

}  // namespace mqz::broker
