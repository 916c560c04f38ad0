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
  virtual void add(storage::SnapshotSlice slice) = 0;
  // Messages that queues have only in the journal.
  virtual void add_parked(const storage::LiveBodies& bodies) = 0;
  // Everything was added.
  virtual void end() = 0;
};

}  // namespace mqz::broker
