// Frames: records of one writer, committed together, with no place of their own. The same bytes
// stand in the local journal and in any sequencer. Pure; FORMAT.md has every byte.
#pragma once

#include <cstdint>
#include <memory>

#include "lib/base/bytes.h"
#include "lib/base/error.h"

namespace mqz::storage {

// The number of a record in the sequence: dense, from 1 on. 0 is before everything.
using Position = std::uint64_t;

inline constexpr std::uint32_t entry_header_bytes = 48;  // of the journal, around a frame
inline constexpr std::uint32_t frame_header_bytes = 32;
inline constexpr std::uint32_t record_header_bytes = 12;

// A record that is larger than a frame comes in parts, each a record by itself, with consecutive
// numbers and the same type.
enum class Part : std::uint8_t { whole = 0, first = 1, middle = 2, last = 3 };

struct RecordHead {
  std::uint16_t type = 0;
  std::uint8_t version = 0;
  bool must_understand = true;  // a reader that does not know the type has to stop
  Part part = Part::whole;
};

// One record inside a frame; the body lives as long as the frame's bytes.
struct RecordView {
  RecordHead head{};
  Bytes body{};
  std::uint32_t offset = 0;  // of the record's header in the frame; for addresses
};

// Bytes on their way to the disk, with room in front for what the journal adds.
class FrameBuffer {
 public:
  // Adds `bytes` at the end and says where; earlier places may move.
  std::byte* grow(std::size_t bytes);
  void clear() { size_ = 0; }
  std::byte* begin() { return room_.get(); }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  Bytes bytes() const { return {room_.get(), size_}; }

 private:
  std::unique_ptr<std::byte[]> room_{};
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// A finished frame, as the writer gives it to a sequencer or a journal.
struct Frame {
  FrameBuffer buffer{};     // entry header (unwritten), frame, zeroes up to a multiple of 8
  std::uint32_t bytes = 0;  // of the frame alone
  std::uint32_t count = 0;  // of records; positions it will take

  Bytes view() const { return buffer.bytes().subspan(entry_header_bytes, bytes); }
};

// Collects records. A record is written once, in place; sums are made when the frame is taken.
class FrameBuilder {
 public:
  // The first frame of an incarnation has number 1.
  explicit FrameBuilder(std::uint64_t incarnation, std::uint64_t next_number = 1)
      : incarnation_(incarnation), next_number_(next_number) {}

  // Room for the body of the next record; the caller fills it before anything else is called here.
  std::byte* reserve(const RecordHead& head, std::size_t body_bytes);
  void add(const RecordHead& head, Bytes body);

  bool empty() const { return count_ == 0; }
  std::uint32_t count() const { return count_; }
  // What take() would give now; the offset of the next record, too.
  std::uint32_t bytes() const;
  std::uint64_t next_number() const { return next_number_; }

  // A buffer that is no longer used, to be filled next.
  void reuse(FrameBuffer buffer);
  // Seals what was collected, under the next number. Not when empty.
  Frame take();

 private:
  void begin();

  std::uint64_t incarnation_;
  std::uint64_t next_number_;
  FrameBuffer buffer_{};
  std::uint32_t count_ = 0;
};

enum class FrameFault : std::uint8_t {
  none,
  too_short,    // ends before its header says
  wrong_sum,    // not what was written
  wrong_shape,  // the sum is right, and the records do not fill the frame
  newer,        // of a format that this program does not know
};

// A frame whose sum and shape are right; a view.
class FrameView {
 public:
  std::uint64_t incarnation() const;
  std::uint64_t number() const;
  std::uint32_t count() const;
  Bytes bytes() const { return bytes_; }

  friend FrameFault read_frame(Bytes bytes, FrameView& view);

 private:
  Bytes bytes_{};
};

// `bytes` begins with a frame, and may go on behind it.
FrameFault read_frame(Bytes bytes, FrameView& view);

// A record alone, from its header on: how a body is read back. False unless the sum is right.
// `bytes` may go on behind it.
bool read_record(Bytes bytes, RecordView& record);
// From a record's header alone: what read_record needs in all.
std::uint64_t record_bytes(Bytes header);

// The records of a frame in their order.
class RecordReader {
 public:
  explicit RecordReader(const FrameView& frame) : frame_(frame.bytes()), at_(frame_header_bytes) {}
  bool next(RecordView& record);

 private:
  Bytes frame_;
  std::uint32_t at_;
};

}  // namespace mqz::storage
