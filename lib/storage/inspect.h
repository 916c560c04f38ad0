// Looks at a store that nobody has open, and changes nothing: for people and for repair.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/os/disk.h"
#include "lib/storage/scan.h"
#include "lib/storage/snapshot_file.h"

namespace mqz::storage {

// Something that is not as it was written.
struct Damage {
  std::string file{};  // the path
  std::uint64_t offset = 0;
  std::string what{};
};

struct SegmentSummary {
  std::string name{};
  SegmentHeader header{};
  Position end = 0;  // behind its last record that could be read
  std::uint64_t frames = 0;
  std::uint64_t records = 0;
  std::uint64_t used_bytes = 0;  // up to the end of its last sound entry
};

struct StoreSummary {
  std::uint64_t store_id = 0;
  std::vector<SegmentSummary> segments{};
  std::vector<SnapshotSummary> snapshots{};
  std::vector<Damage> damage{};  // none: it is sound, and would be opened
  std::uint64_t torn_bytes = 0;  // that opening would cut, behind used_bytes of the last segment
  Position given_up = 0;         // positions in gaps
};

// Reads everything, from the first segment on, and holds it against FORMAT.md. Whatever is damaged
// is in the answer; an error means that it could not be looked at: conflict when somebody has the
// store, the disk's.
Result<StoreSummary> verify_store(os::Disk& disk, const std::string& directory);

// Shows the newest sound snapshot's entries and then every frame that can be read, in order; what
// is damaged is passed over. Both may be null.
Result<StoreSummary> dump_store(os::Disk& disk, const std::string& directory,
                                SnapshotVisitor* entries, EntryVisitor* frames);

}  // namespace mqz::storage
