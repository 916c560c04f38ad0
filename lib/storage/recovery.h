// Brings the segments of a store to where they were: reads them in order, cuts what a stop tore off
// the end, and refuses everything else that is not as it was written.
//
// Only the last segment can have a torn end: the one before was synced whole before it was begun.
// A place that is no entry is torn if nothing behind it says that it was durable, and corrupt
// otherwise; FORMAT.md has the argument.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/os/disk.h"
#include "lib/storage/scan.h"
#include "lib/storage/segment.h"

namespace mqz::storage {

// The segments whose names are in `names`, by position, each open; the last one for writing.
// corrupt unless they belong to the store and their order is one.
Result<std::vector<std::shared_ptr<Segment>>> open_segments(os::Disk& disk,
                                                            const std::string& directory,
                                                            const std::vector<std::string>& names,
                                                            std::uint64_t store_id);

// Where writing goes on: in the last segment.
struct JournalEnd {
  std::shared_ptr<Segment> segment{};
  std::uint64_t offset = 0;
  Position next = 1;
  std::uint64_t chain = 0;
  bool marked = false;  // an entry says that all of it is durable
};

struct RecoveryReport {
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;  // read and verified
  // Cut off the end; 0: behind the last entry there was nothing.
  std::uint64_t torn_bytes = 0;
  std::string torn_file{};  // the path
  std::uint64_t torn_offset = 0;
  Position given_up = 0;  // positions in gaps
};

// Shows every frame that ends behind `from` (0: all), the first perhaps with records before it.
// Afterwards everything shown is durable. `segments` is not empty.
Result<JournalEnd> recover_segments(const std::vector<std::shared_ptr<Segment>>& segments,
                                    Position from, EntryVisitor& visitor, RecoveryReport& report);

}  // namespace mqz::storage
