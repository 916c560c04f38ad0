// Snapshots as files: written beside the work under a temporary name, and read at the start.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/os/disk.h"
#include "lib/storage/snapshot.h"

namespace mqz::storage {

// Writes one snapshot. One thread. What is not finished is removed.
class SnapshotWriter {
 public:
  static Result<SnapshotWriter> begin(os::Disk& disk, const std::string& directory,
                                      const SnapshotHeader& header);
  SnapshotWriter(SnapshotWriter&&) noexcept = default;
  SnapshotWriter& operator=(SnapshotWriter&&) noexcept = delete;
  ~SnapshotWriter();

  // unavailable when the disk is full. After an error only destruction is left.
  Result<void> add(SnapshotSlice slice);
  // The journal has to be durable up to here before finish(): a snapshot must not know of records
  // that a power cut takes back.
  Position end() const { return sealer_.totals().end; }
  std::uint64_t bytes() const { return offset_; }
  // Completes the snapshot, durably, and removes older ones.
  Result<void> finish();

 private:
  SnapshotWriter(os::Disk& disk, std::string directory, const SnapshotHeader& header,
                 std::unique_ptr<os::DiskFile> file);
  Result<void> write(Bytes bytes);

  os::Disk* disk_;
  std::string directory_;
  std::string name_;
  BlockSealer sealer_;
  std::unique_ptr<os::DiskFile> file_;
  std::uint64_t offset_ = 0;
  std::uint64_t synced_ = 0;
};

class SnapshotVisitor {
 public:
  virtual ~SnapshotVisitor() = default;
  virtual Result<void> on_snapshot_entry(const SnapshotEntry& entry) = 0;
};

struct SnapshotSummary {
  std::string name{};  // of the file; empty: there is none
  SnapshotHeader header{};
  SnapshotTotals totals{};
};

// Reads a snapshot and shows its entries (to nobody if `visitor` is null). corrupt with file and
// offset; entries may have been shown by then.
Result<SnapshotSummary> read_snapshot(os::Disk& disk, const std::string& directory,
                                      const std::string& name, std::uint64_t store_id,
                                      SnapshotVisitor* visitor);

// Shows the newest sound snapshot among `names`; an empty summary if there is no snapshot at all.
// An older one is used only where a newer is damaged; corrupt when all are.
Result<SnapshotSummary> read_newest_snapshot(os::Disk& disk, const std::string& directory,
                                             const std::vector<std::string>& names,
                                             std::uint64_t store_id, SnapshotVisitor& visitor);

}  // namespace mqz::storage
