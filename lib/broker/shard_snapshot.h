// The durable state of a shard, written in slices between its turns. What changes meanwhile is
// right because of the stamps: an entry says what its shard had applied when it was written, and
// replay begins where the snapshot did. Four things need care:
//
// - A long queue takes many turns. It has the stamp of its session: what comes in meanwhile is not
//   written, and an entry that is about to be settled by a record is written before that, since
//   what it costs decides whether the records before it found room.
// - A session that ends meanwhile leaves a note, so that an older CONNECT does not bring it back.
// - Wills that are due come after the sessions, so that one is found here or there.
// - Shares of groups come last of all, when what other shards gave back has come to the front.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "lib/base/time.h"
#include "lib/broker/node_pool.h"
#include "lib/broker/send_queue.h"
#include "lib/broker/session.h"
#include "lib/broker/snapshot_codec.h"
#include "lib/broker/snapshot_target.h"

namespace mqz::broker {

class Shard;

class ShardSnapshot {
 public:
  // Part of the shard, and used by it; but for begin and is_running.
  explicit ShardSnapshot(Shard& shard) : shard_(shard) {}

  // The front's: a snapshot of all shards begins. Not while one is running.
  void begin(std::shared_ptr<SnapshotTarget> target);
  // The front's, ahead of everything: whoever reads the snapshot knows what its times mean.
  void write_clock(SnapshotTarget& target) const;
  // Another shard's part in it.
  void join(std::shared_ptr<SnapshotTarget> target);
  // To the front: another shard has written its part.
  void part_done();
  // All that this shard has, at once; with the messages that queues have in these segments.
  void write_all(std::shared_ptr<SnapshotTarget> target,
                 const std::vector<std::uint32_t>& written_whole = {});

  bool is_running() const { return run_.has_value(); }
  // When there is more to do; MonoTime::max(): nothing, or nothing before mail comes.
  MonoTime due() const { return run_ ? run_->due : MonoTime::max(); }
  void step();
  // A recorded session ends, by the record that is being applied.
  void note_ended(const Session& session);
  // An entry of its queue is about to change, by the record that is being applied.
  void note_settling(const Session& session, std::uint64_t position);

 private:
  struct Run {
    std::shared_ptr<SnapshotTarget> target;
    MonoTime due{};
    storage::SnapshotSlice slice{};
    std::size_t slot = 0;  // the next session's
    NodeId node = 0;       // of the next retained message
    bool is_written = false;
    std::uint64_t replay_from = 0;  // the front's
    std::size_t others = 0;         // shards that the front waits for
    // What is left of the queue of the session before: positions, and when its image was made.
    SlotId queue_of{};
    std::uint64_t queue_at = 0;
    std::uint64_t queue_end = 0;
    std::uint64_t queue_stamp = 0;
    storage::LiveBodies parked{};
    std::vector<std::uint32_t> written_whole{};  // segments
  };

  void add(const SnapshotObject& object, std::uint64_t stamp);
  // The next object, or some places without one. False when there is none left.
  bool write_next();
  std::vector<std::uint16_t> received_by_record(const Session& session) const;
  void write_session(const Session& session);
  void write_queue();
  void write_piece(const Session& session);
  void note_parked(Outgoing& outgoing);
  bool write_retained();
  // What this shard has is written; and all shards', and what the front has last of all.
  void finish_part();
  void finish();

  Shard& shard_;
  std::optional<Run> run_{};
};

}  // namespace mqz::broker
