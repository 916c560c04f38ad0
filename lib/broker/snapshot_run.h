// A snapshot while it is taken: what the shards and whoever writes it know of each other.
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "lib/broker/node_pool.h"
#include "lib/broker/send_queue.h"
#include "lib/broker/session.h"
#include "lib/storage/snapshot.h"

namespace mqz::broker {

class Shard;

// Where the slices of all shards go. Any thread.
class SnapshotTarget {
 public:
  virtual ~SnapshotTarget() = default;
  // How many bytes a shard may make now; 0: later.
  virtual std::size_t room() = 0;
  virtual void add(storage::SnapshotSlice slice) = 0;
  // Everything was added.
  virtual void end() = 0;
};

// One shard's part, and how far it is: sessions, then retained messages (the front), then wills.
struct SnapshotRun {
  explicit SnapshotRun(std::shared_ptr<SnapshotTarget> to) : target(std::move(to)) {}
  // All that the shard has, at once.
  static void write_all(Shard& shard, std::shared_ptr<SnapshotTarget> target);

  // The next object, or some places without one. False when there is none left.
  bool write_next(const Shard& shard);
  void write_session(const Shard& shard, const Session& session);
  void write_queue(Now now);
  bool write_retained(const Shard& shard);
  // What the shard has is written; and all shards', and what the front has last of all.
  void finish_part(Shard& shard);
  void finish(Shard& shard);

  std::shared_ptr<SnapshotTarget> target;
  storage::SnapshotSlice slice{};
  std::size_t slot = 0;  // the next session's
  NodeId node = 0;       // of the next retained message
  bool is_written = false;
  std::uint64_t replay_from = 0;  // the front's
  std::size_t others = 0;         // shards that the front waits for

  // What is left of the queue of the session before, as it was then.
  std::vector<Outgoing> queue{};
  std::size_t queue_at = 0;
  std::uint64_t queue_number = 0;
  std::uint64_t queue_stamp = 0;
};

// What a shard knows of the snapshot it came from, until all that is older than it is replayed.
struct RestoredState {
  std::unordered_map<const Session*, std::uint64_t> stamps{};
};

}  // namespace mqz::broker
