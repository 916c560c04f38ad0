// Writes frames to the last segment and begins the next one: the committer's hands. One thread.
#pragma once

#include <span>
#include <vector>

#include "lib/storage/entry.h"
#include "lib/storage/recovery.h"
#include "lib/storage/room.h"

namespace mqz::storage {

// A frame that has found its place.
struct Committed {
  Position first = 0;
  std::uint32_t count = 0;
  Address address{};  // of the frame

  Position end() const { return first + count; }
  // Of the record that FrameBuilder::bytes() had announced at this offset.
  Address address_of(std::uint32_t offset) const {
    return {address.segment, address.offset + offset};
  }
};

class JournalWriter {
 public:
  JournalWriter(JournalEnd end, SegmentTable& table, Room& room)
      : end_(std::move(end)), table_(table), room_(room), synced_(end_.offset) {}

  // Writes as many of the frames as the segment takes, with one call of the system; returns how
  // many. 0: it is full, or does not take the first. After `unavailable` (a file system that finds
  // room only while writing) nothing counts as written; the same frames come next, and overwrite
  // what is there.
  Result<std::size_t> write(std::span<Frame> frames, std::vector<Committed>& places);
  // Everything written is durable.
  Result<void> sync();
  // Syncs and begins the next segment; then the one before says so. `unavailable` when the disk is
  // full.
  Result<void> roll();
  // What the last segment says of this one is durable. Nobody needs to wait for it.
  Result<void> sync_ended();
  // Writes an entry that says what is durable, and syncs it: only what was never marked so can be
  // taken for torn at the next start. `unavailable`: there was no room, and it may be tried again.
  Result<void> mark();

  // Not in front of half-written frames: their rest would stand behind it, as whole entries.
  bool needs_mark() const { return !end_.marked && !is_half_written_; }
  bool is_synced() const { return synced_ == end_.offset; }
  std::uint64_t unsynced_bytes() const { return end_.offset - synced_; }
  Position written_end() const { return end_.next; }

 private:
  std::size_t fitting(std::span<const Frame> frames) const;
  Result<void> write_entry(EntryKind kind);
  Result<void> end_segment();
  void place(Frame& frame, std::uint64_t offset, std::vector<Committed>& places);

  JournalEnd end_;
  SegmentTable& table_;
  Room& room_;
  std::uint64_t synced_;              // bytes of the segment that are durable
  bool is_half_written_ = false;      // what stands behind the end
  std::shared_ptr<Segment> ended_{};  // the one before, if what it says is not yet synced
  std::vector<Bytes> pieces_{};
};

}  // namespace mqz::storage
