// Where the slices of all shards go while a snapshot is taken. Any thread.
#pragma once

#include <cstddef>

#include "lib/storage/compaction.h"
#include "lib/storage/snapshot.h"

namespace mqz::broker {

class SnapshotTarget {
 public:
  virtual ~SnapshotTarget() = default;
  // How many bytes a shard may make now; 0: later.
  virtual std::size_t room() = 0;
  // About how much of a queue is an object of its own, in bytes of memory. Fixed.
  virtual std::size_t queue_piece_bytes() const { return std::size_t{64} << 10U; }
  virtual void add(storage::SnapshotSlice slice) = 0;
  // Messages that queues have only in the journal.
  virtual void add_parked(const storage::LiveBodies& bodies) = 0;
  // Everything was added.
  virtual void end() = 0;
};

}  // namespace mqz::broker
