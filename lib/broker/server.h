// A running broker: its listeners, its shards' threads, and the way it stops.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "lib/base/error.h"
#include "lib/broker/shard_loop.h"
#include "lib/broker/snapshot_keeper.h"
#include "lib/broker/store.h"
#include "lib/storage/lost_files.h"
#include "lib/storage/repair.h"

namespace mqz::broker {

struct ServerOptions {
  Settings settings{};
  std::vector<Settings> listener_settings{};
  Log log{};
  std::uint32_t sys_interval_s = 10;
  std::string version{};
  StoreOptions store{};
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
  // What was found; nullptr when nothing is kept.
  const storage::OpenReport* store_report() const { return store_ ? &store_->report() : nullptr; }
  // What was given up at the start, if the store was damaged and `salvages`.
  const std::optional<storage::RepairReport>& repaired() const { return repaired_; }
  // Readable once the disk has failed: nothing is acknowledged any more, and the process has to
  // end.
  int failure_fd() const { return failure_.fd(); }
  std::optional<Error> failure() const;
  // Says goodbye to every client (within a second) and waits until all shards have ended.
  void stop();

 private:
  Server(ShardIndex shard_count, std::size_t listener_count, os::Wakeup failure)
      : loads_(shard_count), listener_connections_(listener_count), failure_(std::move(failure)) {}
  // All but the listeners.
  static Result<std::unique_ptr<Server>> make(const ServerOptions& options);
  Result<void> open_store(const StoreOptions& options);
  void on_store_news();
  void log_torn(const storage::RecoveryReport& report);
  void log_repair(const storage::RepairReport& report);
  Result<void> check_queues(const Replay& replay);

  Loads loads_;
  BrokerClock clock_{};
  std::atomic<std::size_t> connections_{0};
  std::vector<std::atomic<std::size_t>> listener_connections_;
  std::unique_ptr<EventLog> log_{};
  os::Wakeup failure_;
  std::vector<std::unique_ptr<ShardLoop>> loops_{};
  std::optional<storage::RepairReport> repaired_{};
  std::unique_ptr<Store> store_{};                       // behind the loops, which its thread wakes
  storage::SpaceState space_ = storage::SpaceState::ok;  // the committer's
  std::unique_ptr<SnapshotKeeper> snapshots_{};
  storage::AcceptedLoss accepted_{};
  std::vector<std::jthread> threads_{};
};

}  // namespace mqz::broker
