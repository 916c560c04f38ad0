// Reads a segment as far as it can be read: past what is damaged, to the next sound entry.
#pragma once

#include <optional>
#include <vector>

#include "lib/storage/scan.h"

namespace mqz::storage {

// Bytes between sound entries, or behind the last, which are not as they were written.
struct BadRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;     // of the next sound entry, or of the file
  Position next = 0;         // the first position that may be lost
  Position known_end = 0;    // behind what is known to be lost, if nothing readable follows
  std::uint64_t chain = 0;   // before it
  std::uint64_t synced = 0;  // what the last sound entry says
  // What the sound entry behind says; nothing if there is none in this segment.
  std::optional<EntryHeader> behind{};
  const char* what = "";
};

struct SegmentWalk {
  std::vector<BadRange> bad{};
  std::uint64_t end = 0;  // behind the last sound entry
  // Behind that, in a last segment, up to the last byte that is not zero: never confirmed.
  std::uint64_t torn_bytes = 0;
};

// What stands behind a segment.
struct Following {
  bool is_last = false;                 // nothing: its end may be torn
  const SegmentHeader* next = nullptr;  // if it is there
};

// The state goes on behind what is lost. Errors are those of the disk and of the visitor.
Result<SegmentWalk> walk_segment(const Segment& segment, const Following& following,
                                 ScanState& state, EntryVisitor& visitor);

}  // namespace mqz::storage
