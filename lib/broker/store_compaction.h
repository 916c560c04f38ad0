// Makes a store that nobody has open as short as it can be: its state as a snapshot, and no journal
// before that but the segment in which it goes on.
#pragma once

#include <cstdint>
#include <string>

#include "lib/base/error.h"
#include "lib/base/time.h"
#include "lib/broker/record.h"
#include "lib/os/disk.h"

namespace mqz::broker {

struct StoreCompaction {
  std::uint64_t snapshot_bytes = 0;
  std::size_t removed_segments = 0;
  std::uint64_t removed_bytes = 0;
};

// `shard_count`: that of the broker that will open it; sessions stay on their shards. Errors: those
// of Store::open, and unavailable when there is no room for the snapshot; then nothing is changed.
Result<StoreCompaction> compact_store(os::Disk& disk, const std::string& directory,
                                      ShardIndex shard_count);

}  // namespace mqz::broker
