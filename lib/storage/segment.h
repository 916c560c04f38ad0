// Segments: files of one size each, which hold the journal's entries one behind the other, in
// order. FORMAT.md has every byte.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "lib/os/disk.h"
#include "lib/storage/frame.h"

namespace mqz::storage {

// The newest format of segments, snapshots and the store's own file; older ones are read.
inline constexpr std::uint32_t store_format = 1;

inline constexpr std::uint32_t segment_header_bytes = 512;
inline constexpr std::string_view segment_ending = ".journal";

// Where a record stands on this disk, as long as its segment is there; it survives restarts. Other
// than a position it is nobody else's business, and it changes when compaction copies the record.
struct Address {
  std::uint32_t segment = 0;  // ordinal; 0: nowhere
  std::uint32_t offset = 0;   // of the record's header in the file

  friend auto operator<=>(const Address&, const Address&) = default;
};

struct SegmentHeader {
  std::uint64_t store_id = 0;
  Position first = 0;
  std::uint64_t chain = 0;  // before the first entry
  std::uint64_t bytes = 0;  // of the whole file, which never changes
  std::uint32_t ordinal = 0;

  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

using SegmentHeaderBytes = std::array<std::byte, segment_header_bytes>;

SegmentHeaderBytes encode_segment_header(const SegmentHeader& header);
// corrupt, or invalid for a newer format; the text lacks the file's name.
Result<SegmentHeader> decode_segment_header(Bytes bytes);

// What entry headers of this segment are hashed with.
std::uint64_t segment_key(std::uint64_t store_id, std::uint32_t ordinal);

std::string segment_name(Position first);
// The position in a file name with this ending; nothing if it is not such a name.
std::optional<Position> position_in_name(std::string_view name, std::string_view ending);
std::string name_of_position(Position position, std::string_view ending);

// An open segment. Shared by the writer and readers; unlinking it does not disturb who reads it.
struct Segment {
  SegmentHeader header{};
  std::string path{};
  std::unique_ptr<os::DiskFile> file{};

  std::uint64_t key() const { return segment_key(header.store_id, header.ordinal); }
};
using SegmentRef = std::shared_ptr<const Segment>;

// corrupt when the header, the size or the name are not as written.
Result<std::shared_ptr<Segment>> open_segment(os::Disk& disk, const std::string& path,
                                              os::OpenAs as);

class SegmentTable;
// Those of a store that can be opened, to be read.
void open_segments(os::Disk& disk, const std::string& directory, SegmentTable& table);

// A segment that queues have messages in, and that is not there.
struct MissingSegment {
  Position first = 0;
  std::string path{};
};

// The segments that are there, and the names of those that should be. Any thread.
class SegmentTable {
 public:
  void add(SegmentRef segment);
  SegmentRef find(std::uint32_t ordinal) const;
  void forget(std::uint32_t ordinal);
  std::vector<SegmentRef> all() const;  // by ordinal
  std::uint32_t last() const;           // the highest ordinal; 0: there is none
  void note_missing(std::uint32_t ordinal, MissingSegment segment);
  // As far as somebody has noted it.
  std::optional<MissingSegment> find_missing(std::uint32_t ordinal) const;

 private:
  mutable std::mutex lock_{};
  std::map<std::uint32_t, SegmentRef> segments_{};
  std::map<std::uint32_t, MissingSegment> missing_{};
};

}  // namespace mqz::storage
