#include "lib/storage/salvage.h"

#include <algorithm>

#include "lib/storage/little_endian.h"

namespace mqz::storage {

namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 20U;

struct Found {
  std::uint64_t offset = 0;
  EntryHeader header{};
};

// Whether an entry stands here that could be read on from.
Result<bool> is_sound(const Segment& segment, FileWindow& window, const Found& found) {
  if (found.header.whole_bytes() > segment.header.bytes - found.offset) return false;
  const auto size = static_cast<std::size_t>(found.header.whole_bytes());
  const Result<Bytes> bytes = window.at(found.offset, size);
  if (!bytes) return tl::unexpected(bytes.error());
  if (bytes->size() != size) return false;
  if (found.header.kind != EntryKind::frame) return true;
  FrameView view;
  return read_frame(bytes->subspan(entry_header_bytes), view) == FrameFault::none &&
         view.count() == found.header.count;
}

// Whether a repair can write an entry of its own before `found`: a gap, or a mark where only a mark
// was.
bool leaves_room(const Found& found, std::uint64_t begin, const ScanState& state) {
  if (found.offset - begin > entry_header_bytes) return true;
  return found.offset - begin == entry_header_bytes && found.header.position == state.next &&
         found.header.chain == state.chain;
}

// The next sound entry behind `begin` that goes back in nothing.
Result<std::optional<Found>> find_sound(const Segment& segment, std::uint64_t begin,
                                        const ScanState& state) {
  FileWindow window(*segment.file);
  FileWindow other(*segment.file);
  const std::uint64_t key = segment.key();
  for (std::uint64_t block = begin + 8; block < segment.header.bytes; block += block_bytes) {
    const Result<Bytes> bytes = window.at(block, block_bytes + entry_header_bytes);
    if (!bytes) return tl::unexpected(bytes.error());
    for (std::size_t at = 0; at + entry_header_bytes <= bytes->size(); at += 8) {
      Found found{block + at, {}};
      if (!read_entry_header(bytes->subspan(at), key, found.header) ||
          found.header.position < state.next || found.header.synced < state.synced ||
          !leaves_room(found, begin, state)) {
        continue;
      }
      const Result<bool> sound = is_sound(segment, other, found);
      if (!sound) return tl::unexpected(sound.error());
      if (*sound) return found;
    }
  }
  return std::nullopt;
}

// Whether the entry that ends a segment was never written as a whole. It comes when the next one is
// there, and everything is.
bool is_torn_end(const ScanEnd& end, std::uint64_t used, const SegmentHeader* next,
                 const ScanState& state) {
  return end.why == ScanEnd::Why::no_entry && used <= end.offset + entry_header_bytes &&
         next != nullptr && next->first == state.next && next->chain == state.chain;
}

// Whether what begins here is torn: nothing behind confirms it.
Result<bool> is_torn(const Segment& segment, const ScanEnd& end) {
  if (end.why == ScanEnd::Why::wrong_place) return false;
  const Result<std::uint64_t> proof = find_proof(segment, end.offset);
  if (!proof) return tl::unexpected(proof.error());
  return *proof == 0;
}

// A header that is sound says how many positions its damaged frame had.
Result<Position> end_of_header(const Segment& segment, std::uint64_t offset, Position next) {
  FileWindow window(*segment.file);
  const Result<Bytes> bytes = window.at(offset, entry_header_bytes);
  if (!bytes) return tl::unexpected(bytes.error());
  EntryHeader header;
  const bool known = read_entry_header(*bytes, segment.key(), header) && header.position == next;
  return known ? header.end() : next;
}

}  // namespace

Result<SegmentWalk> walk_segment(const Segment& segment, const Following& following,
                                 ScanState& state, EntryVisitor& visitor) {
  SegmentWalk walk;
  state.begin_segment();
  for (std::uint64_t from = segment_header_bytes;;) {
    const Result<ScanEnd> end = scan_segment(segment, from, state, visitor);
    if (!end) return tl::unexpected(end.error());
    walk.end = end->offset;
    const Result<std::uint64_t> used = end_of_bytes(segment, end->offset);
    if (!used) return tl::unexpected(used.error());
    if (*used == end->offset || is_torn_end(*end, *used, following.next, state)) return walk;
    const Result<bool> torn = following.is_last ? is_torn(segment, *end) : false;
    if (!torn) return tl::unexpected(torn.error());
    if (*torn) {
      walk.torn_bytes = *used - end->offset;
      return walk;
    }
    const auto found = find_sound(segment, end->offset, state);
    if (!found) return tl::unexpected(found.error());
    BadRange range{end->offset, segment.header.bytes, state.next, state.next,
                   state.chain, state.synced,         {},         end->what};
    if (!*found) {
      const auto known_end = end_of_header(segment, end->offset, state.next);
      if (!known_end) return tl::unexpected(known_end.error());
      range.known_end = *known_end;
      walk.bad.push_back(range);
      return walk;
    }
    range.end = (*found)->offset;
    range.behind = (*found)->header;
    walk.bad.push_back(range);
    state.next = range.behind->position;
    state.chain = range.behind->chain;
    state.numbers.clear();
    from = range.end;
  }
}

}  // namespace mqz::storage
