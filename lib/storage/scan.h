// Reads the entries of a segment in order and holds each against what must stand there.
#pragma once

#include <functional>
#include <map>

#include "lib/storage/entry.h"
#include "lib/storage/segment.h"

namespace mqz::storage {

// What is known so far of the journal that is being read.
struct ScanState {
  Position next = 1;         // what the next entry must begin with
  std::uint64_t synced = 0;  // so many bytes of the segment are known to have been durable
  bool ended = false;        // an entry says that another segment follows
  std::uint64_t chain = 0;

  void begin_segment();
  std::map<std::uint64_t, std::uint64_t> numbers{};  // incarnation -> its last frame
};

// A frame in its place. Views live until the visitor returns.
struct JournalFrame {
  Position first = 0;
  Address address{};  // of the frame; a record stands RecordView::offset behind it
  FrameView frame{};

  Position end() const { return first + frame.count(); }
  Address address_of(const RecordView& record) const {
    return {address.segment, address.offset + record.offset};
  }
};

class EntryVisitor {
 public:
  virtual ~EntryVisitor() = default;
  // A frame that was proposed twice comes once.
  virtual Result<void> on_frame(const JournalFrame& frame) = 0;
  // Positions that a repair has given up.
  virtual Result<void> on_gap(Position first, Position end) = 0;
};

// Where a scan stopped, and why.
struct ScanEnd {
  enum class Why : std::uint8_t {
    no_room,      // no further entry fits: the segment is full
    no_entry,     // zeroes, or bytes that are no entry, or one that is not whole
    wrong_place,  // an entry as it was written, which cannot stand here
  };
  Why why{};
  std::uint64_t offset = 0;
  const char* what = "";
};

// A window of a file, moved along by reading.
class FileWindow {
 public:
  explicit FileWindow(const os::DiskFile& file) : file_(file) {}
  // `bytes` from `offset` on, fewer only at the end of the file; valid until the next call.
  Result<Bytes> at(std::uint64_t offset, std::size_t bytes);

 private:
  const os::DiskFile& file_;
  FrameBuffer buffer_{};
  std::uint64_t offset_ = 0;
};

// Reads on from `from` until something cannot be an entry. The state then is that before it.
// Errors are those of the disk and of the visitor, and `invalid` for newer formats.
Result<ScanEnd> scan_segment(const Segment& segment, std::uint64_t from, ScanState& state,
                             EntryVisitor& visitor);

// What is wrong when nothing follows `last`, though it says that a segment does.
std::string words_for_missing(const Segment& last);

// Offset behind the last byte that is not zero, from `from` on; `from` if there is none.
Result<std::uint64_t> end_of_bytes(const Segment& segment, std::uint64_t from);

// Looks behind a place that is no entry for one which says that this place was durable. Such an
// entry means that the place was written, synced and damaged since. Returns its offset, or 0.
Result<std::uint64_t> find_proof(const Segment& segment, std::uint64_t place);

}  // namespace mqz::storage
