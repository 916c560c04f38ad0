#include "lib/storage/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/base/rules.h"
#include "lib/storage/little_endian.h"
#include "lib/storage/room.h"

namespace mqz::storage {

namespace {

tl::unexpected<Error> corrupt(const Segment& segment, std::uint64_t offset, std::string_view what) {
  return fail(ErrorCode::corrupt, fmt::format("{}: offset {}: {}", segment.path, offset, what));
}

// Counts, and keeps from the visitor what it has in a snapshot already.
class Behind final : public EntryVisitor {
 public:
  Behind(Position from, EntryVisitor& visitor, RecoveryReport& report)
      : from_(from), visitor_(visitor), report_(report) {}

  Result<void> on_frame(const JournalFrame& frame) override {
    ++report_.frames;
    if (frame.end() <= from_) return {};
    return visitor_.on_frame(frame);
  }
  Result<void> on_gap(Position first, Position end) override {
    report_.given_up += end - first;
    if (end <= from_) return {};
    return visitor_.on_gap(first, end);
  }

 private:
  Position from_;
  EntryVisitor& visitor_;
  RecoveryReport& report_;
};

// Whether the segment continues what was read so far.
Result<void> check_start(const Segment& segment, const Segment& before, const ScanState& state) {
  const SegmentHeader& header = segment.header;
  // Chains are equal only if nothing is missing in between.
  if (header.first == state.next && header.chain == state.chain) return {};
  return corrupt(
      segment, 0,
      fmt::format("does not continue {}, which ends before position {}", before.path, state.next));
}

// Only the last segment may end otherwise than by being full or by what the next one confirms.
Result<void> check_end_of_full(const Segment& segment, const Segment& next, const ScanEnd& end,
                               const ScanState& state) {
  if (end.why == ScanEnd::Why::wrong_place) return corrupt(segment, end.offset, end.what);
  if (next.header.first != state.next) {
    const char* what = end.why == ScanEnd::Why::no_room ? "entries are missing" : end.what;
    return corrupt(segment, end.offset,
                   fmt::format("{}; the journal goes on at position {} in {}", what,
                               next.header.first, next.path));
  }
  return {};
}

// Writes the same bytes again. A kernel that failed to write them once may hold them as clean; only
// a new write makes the next sync speak about them.
Result<void> write_again(os::DiskFile& file, std::uint64_t from, std::uint64_t end) {
  FileWindow window(file);
  while (from < end) {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(end - from, std::uint64_t{1} << 20U));
    const Result<Bytes> bytes = window.at(from, size);
    if (!bytes) return tl::unexpected(bytes.error());
    const std::array piece{*bytes};
    if (auto written = file.write_at(from, piece); !written) return written;
    from += size;
  }
  return {};
}

// Makes the end of the last segment what the scan has found, on the medium.
Result<void> mend_end(Segment& segment, std::uint64_t synced, std::uint64_t end,
                      std::uint64_t used) {
  if (auto cut = write_zeroes(*segment.file, end, used); !cut) return cut;
  if (MQZ_RULE(tail_again)) {
    if (auto again = write_again(*segment.file, synced, end); !again) return again;
  }
  if (used == end && synced == end) return {};
  return segment.file->sync();
}

Result<JournalEnd> finish(const std::shared_ptr<Segment>& segment, const ScanState& state,
                          const ScanEnd& end, RecoveryReport& report) {
  if (end.why == ScanEnd::Why::wrong_place) return corrupt(*segment, end.offset, end.what);
  if (state.ended) {
    const std::string directory = segment->path.substr(0, segment->path.rfind('/') + 1);
    return fail(ErrorCode::corrupt, fmt::format("{}{}: {}", directory, segment_name(state.next),
                                                words_for_missing(*segment)));
  }
  const Result<std::uint64_t> used = end_of_bytes(*segment, end.offset);
  if (!used) return tl::unexpected(used.error());
  if (*used != end.offset) {
    const Result<std::uint64_t> proof = find_proof(*segment, end.offset);
    if (!proof) return tl::unexpected(proof.error());
    if (*proof != 0 && MQZ_RULE(synced_is_kept)) {
      return corrupt(
          *segment, end.offset,
          fmt::format("{}, and the entry at offset {} says that it was synced", end.what, *proof));
    }
  }
  if (auto mended = mend_end(*segment, state.synced, end.offset, *used); !mended)
    return tl::unexpected(mended.error());
  report.torn_bytes = *used - end.offset;
  report.torn_file = segment->path;
  report.torn_offset = end.offset;
  // Only a mark is as short as that.
  const bool marked = end.offset - state.synced <= entry_header_bytes;
  return JournalEnd{segment, end.offset, state.next, state.chain, marked};
}

// The last segment that begins at or before `from`.
Result<std::size_t> start_of_replay(const std::vector<std::shared_ptr<Segment>>& segments,
                                    Position from) {
  std::size_t start = 0;
  while (start + 1 < segments.size() && segments[start + 1]->header.first <= from) ++start;
  const SegmentHeader& header = segments[start]->header;
  if (header.first > std::max<Position>(from, 1)) {
    return corrupt(*segments[start], 0,
                   fmt::format("the journal begins at position {}, and {} is needed", header.first,
                               std::max<Position>(from, 1)));
  }
  return start;
}

}  // namespace

Result<std::vector<std::shared_ptr<Segment>>> open_segments(os::Disk& disk,
                                                            const std::string& directory,
                                                            const std::vector<std::string>& names,
                                                            std::uint64_t store_id) {
  std::vector<std::shared_ptr<Segment>> segments;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto as = i + 1 == names.size() ? os::OpenAs::write : os::OpenAs::read;
    auto segment = open_segment(disk, directory + "/" + names[i], as);
    if (!segment) return tl::unexpected(segment.error());
    if ((*segment)->header.store_id != store_id)
      return corrupt(**segment, 0, "belongs to another store");
    if (i > 0 && (*segment)->header.ordinal <= segments.back()->header.ordinal)
      return corrupt(**segment, 0, "is older than " + segments.back()->path);
    segments.push_back(std::move(*segment));
  }
  return segments;
}

Result<JournalEnd> recover_segments(const std::vector<std::shared_ptr<Segment>>& segments,
                                    Position from, EntryVisitor& visitor, RecoveryReport& report) {
  const Result<std::size_t> start = start_of_replay(segments, from);
  if (!start) return tl::unexpected(start.error());
  Behind behind(from, visitor, report);
  ScanState state;
  state.next = segments[*start]->header.first;
  state.chain = segments[*start]->header.chain;
  for (std::size_t i = *start;; ++i) {
    const Segment& segment = *segments[i];
    if (i > *start) {
      if (auto continues = check_start(segment, *segments[i - 1], state); !continues)
        return tl::unexpected(continues.error());
    }
    state.begin_segment();
    const Result<ScanEnd> end = scan_segment(segment, segment_header_bytes, state, behind);
    if (!end) return tl::unexpected(end.error());
    report.bytes += end->offset;
    if (i + 1 == segments.size()) return finish(segments[i], state, *end, report);
    if (auto whole = check_end_of_full(segment, *segments[i + 1], *end, state); !whole)
      return tl::unexpected(whole.error());
  }
}

}  // namespace mqz::storage
