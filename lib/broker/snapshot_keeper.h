// Decides when the broker's state is written as a snapshot, and removes what nobody reads any more:
// a store does not grow for ever, and a restart is bounded. The front's thread.
//
// A snapshot that fails is told in the log and tried again: the journal still has everything.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "lib/base/time.h"
#include "lib/broker/event_log.h"
#include "lib/storage/compaction.h"
#include "lib/storage/journal.h"
#include "lib/storage/removal_thread.h"

namespace mqz::broker {

class JournalSequencer;
class Shard;

class SnapshotKeeper {
 public:
  // What the store was found with.
  struct Found {
    std::uint64_t replayed_bytes = 0;   // that a restart has just read
    std::uint64_t snapshot_bytes = 0;   // of the snapshot it began with
    storage::Position replay_from = 0;  // of that; 0: there is none
  };
  // A snapshot is taken when the journal has grown by `least_bytes`, and by the size of the last
  // one. All outlive it but the log, which may be null. `news` is called on another thread when
  // step() has something to do.
  SnapshotKeeper(storage::Journal& journal, const JournalSequencer& sequencer,
                 std::uint64_t least_bytes, const Found& found, EventLog* log,
                 std::function<void()> news);
  // One that is being taken is given up; the shards are not running any more.
  ~SnapshotKeeper();

  // Once a turn.
  void step(Shard& front, MonoTime now);
  // On a thread of their own; then there is news.
  bool is_removing() const { return removal_ != nullptr; }

 private:
  class Target;
  bool is_due(MonoTime now) const;
  void begin(Shard& front, MonoTime now);
  void end(Shard& front, MonoTime now);
  storage::CompactionPlan plan_segments() const;
  void begin_removal(MonoTime now);
  void end_removal(MonoTime now);
  void failed(const std::string& what, const Error& error, MonoTime now);
  void worked();

  storage::Journal& journal_;
  const JournalSequencer& sequencer_;
  std::uint64_t least_bytes_;
  EventLog* log_;
  std::function<void()> news_;
  std::shared_ptr<Target> target_{};  // of the one that is being taken
  storage::Position begun_from_ = 0;
  std::uint64_t begun_at_ = 0;
  std::uint64_t replayed_bytes_;   // not in the last one, of earlier lives
  std::uint64_t grown_from_ = 0;   // bytes of the sequencer when the last one began
  std::uint64_t last_bytes_;       // of the last one
  storage::Position replay_from_;  // of the last one that is durable
  // What is older than that, and still needed: known once a snapshot was taken in this life.
  storage::LiveBodies parked_{};
  bool removes_ = false;  // segments are to be removed, when the journal lets them go
  std::unique_ptr<storage::RemovalThread> removal_{};  // of those that are being removed
  MonoTime not_before_{};
  MonoTime full_again_{};  // when the disk is full
  std::string told_{};     // the failure that the log has last
};

}  // namespace mqz::broker
