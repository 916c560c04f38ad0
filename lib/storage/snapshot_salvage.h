// What is left of a damaged snapshot: the blocks that are as they were written, and the places of
// the others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/os/disk.h"
#include "lib/storage/snapshot_file.h"

namespace mqz::storage {

class SalvageVisitor : public SnapshotVisitor {
 public:
  // Entries of a block that is damaged, as far as they can be told apart: none of it is sure.
  virtual Result<void> on_lost_entry(const SnapshotEntry& entry) = 0;
};

struct SnapshotRemains {
  struct Range {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
  };
  SnapshotHeader header{};
  std::uint64_t entries = 0;  // that are kept
  std::vector<Range> lost{};  // damaged blocks, and what nobody can divide into blocks any more
};

// Shows the entries of every block that is sound and believed to be the writer's; see
// divide_snapshot. `visitor` may be null. Errors: the disk's and the visitor's; corrupt when it is
// another store's.
Result<SnapshotRemains> walk_snapshot(os::Disk& disk, const std::string& directory,
                                      const std::string& name, std::uint64_t store_id,
                                      SalvageVisitor* visitor);

// Writes what is left as a snapshot of its own, durably, in the place of the damaged one. Older
// ones are removed.
Result<SnapshotSummary> rewrite_snapshot(os::Disk& disk, const std::string& directory,
                                         const std::string& name, std::uint64_t store_id);

}  // namespace mqz::storage
