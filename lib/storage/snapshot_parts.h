// Divides a damaged snapshot into its blocks and what is no block any more, and says which of them
// are to be believed; see FORMAT.md.
#pragma once

#include <vector>

#include "lib/storage/snapshot_blocks.h"

namespace mqz::storage {

struct SnapshotPart {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  bool is_kept = false;  // a block whose entries are as they were written
};

// All of the file behind its header, but for the totals if they are sound. Errors: the disk's.
Result<std::vector<SnapshotPart>> divide_snapshot(BlockFile& file, const SnapshotHeader& header);

}  // namespace mqz::storage
