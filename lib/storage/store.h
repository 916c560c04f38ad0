// A store: one directory with the journal and its snapshots, for one process at a time.
#pragma once

#include <memory>
#include <string>

#include "lib/os/disk.h"
#include "lib/storage/journal.h"
#include "lib/storage/recovery.h"
#include "lib/storage/snapshot_file.h"

namespace mqz::storage {

// Shown the snapshot's entries first, then the records from its start on, of which some may be
// older than the entries they touch.
class StoreVisitor : public EntryVisitor, public SnapshotVisitor {};

struct OpenReport {
  bool is_new = false;
  SnapshotSummary snapshot{};
  RecoveryReport journal{};
};

// Opens the store in `directory`, which is made if it is not there. Shows `visitor` all that it
// holds, in order, and gives the journal that goes on behind it; then everything shown is durable.
// `store_id` is that of a new store: random, and nobody else's business.
//
// Errors: conflict when another process has it; invalid when a newer program wrote it; corrupt when
// it is not as it was written, with file and offset; the disk's. Until all is read only LOCK is
// written; then a torn end is cut, and what an earlier process left unfinished is removed.
Result<std::unique_ptr<Journal>> open_store(os::Disk& disk, const std::string& directory,
                                            const JournalOptions& options, std::uint64_t store_id,
                                            StoreVisitor& visitor, OpenReport& report);

}  // namespace mqz::storage
