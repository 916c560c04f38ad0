// Decides when the broker's state is written as a snapshot, and removes what nobody reads any more:
// a store does not grow for ever, and a restart is bounded. The front's thread.
#pragma once

#include <functional>
#include <memory>

#include "lib/base/time.h"
#include "lib/storage/journal.h"

namespace mqz::broker {

class JournalSequencer;
class Shard;

class SnapshotKeeper {
 public:
  struct Sizes {
    std::uint64_t least = 0;     // by which the journal has grown
    std::uint64_t replayed = 0;  // of what a restart has just read
    std::uint64_t last = 0;      // of the snapshot it began with
  };
  // Both outlive it. `news` is called on another thread when step() has something to do.
  SnapshotKeeper(storage::Journal& journal, const JournalSequencer& sequencer, Sizes sizes,
                 std::function<void()> news);
  // One that is being taken is given up; the shards are not running any more.
  ~SnapshotKeeper();

  // Once a turn.
  void step(Shard& front, MonoTime now);

 private:
  class Target;
  bool is_due(MonoTime now) const;
  void begin(Shard& front);
  void end(MonoTime now);
  void remove_segments();

  storage::Journal& journal_;
  const JournalSequencer& sequencer_;
  Sizes sizes_;
  std::function<void()> news_;
  std::shared_ptr<Target> target_{};
  std::uint64_t grown_from_ = 0;  // bytes of the sequencer when the last one began
  std::uint64_t began_at_ = 0;
  std::uint64_t last_bytes_ = 0;  // of the last one
  storage::Position replay_from_ = 0;
  bool removes_ = false;  // segments are to be removed, when the journal lets them go
  MonoTime not_before_{};
};

}  // namespace mqz::broker
