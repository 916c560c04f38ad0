#include "lib/storage/scan.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/storage/checksum.h"
#include "lib/storage/little_endian.h"

namespace mqz::storage {

namespace {

constexpr std::size_t window_bytes = std::size_t{1} << 20U;

using Why = ScanEnd::Why;

// One entry, checked. `end.what` is empty as long as nothing is wrong.
class EntryCheck {
 public:
  EntryCheck(const Segment& segment, ScanState& state, FileWindow& window)
      : segment_(segment), key_(segment.key()), state_(state), window_(window) {}

  // The entry at `offset` becomes current, or end() says why not.
  Result<bool> read(std::uint64_t offset) {
    end_ = {Why::no_room, offset, ""};
    if (offset + entry_header_bytes > segment_.header.bytes) return false;
    Result<Bytes> start = window_.at(offset, entry_header_bytes);
    if (!start) return tl::unexpected(start.error());
    if (!read_entry_header(*start, key_, header_)) return stop(Why::no_entry, "no entry");
    if (header_.whole_bytes() > segment_.header.bytes - offset)
      return stop(Why::wrong_place, "an entry reaches beyond the segment");
    Result<Bytes> whole = window_.at(offset, static_cast<std::size_t>(header_.whole_bytes()));
    if (!whole) return tl::unexpected(whole.error());
    if (whole->size() != header_.whole_bytes()) return stop(Why::no_entry, "the file ends");
    body_ = whole->subspan(entry_header_bytes, header_.body_bytes);
    const Result<bool> sound = check_body(whole->subspan(entry_header_bytes + body_.size()));
    return sound && *sound ? check_place() : sound;
  }

  const EntryHeader& header() const { return header_; }
  const FrameView& frame() const { return frame_; }
  const ScanEnd& end() const { return end_; }

  // What the state is behind the current entry; false if its frame is a repetition.
  Result<bool> advance() {
    state_.next = header_.end();
    state_.synced = std::max(state_.synced, header_.synced);
    if (header_.kind == EntryKind::gap) {
      state_.chain = load<std::uint64_t>(body_.data());
      state_.numbers.clear();
    }
    if (header_.kind == EntryKind::end) state_.ended = true;
    if (header_.kind != EntryKind::frame) return true;
    state_.chain = chain_after(state_.chain, frame_.bytes());
    std::uint64_t& last = state_.numbers[frame_.incarnation()];
    if (last != 0 && frame_.number() <= last) return false;
    last = frame_.number();
    return true;
  }

 private:
  bool is_mark() const { return header_.kind == EntryKind::mark || header_.kind == EntryKind::end; }

  bool stop(Why why, const char* what) {
    end_.why = why;
    end_.what = what;
    return false;
  }

  Result<bool> check_body(Bytes padding) {
    if (!is_zero(padding)) return stop(Why::no_entry, "bytes between entries");
    if (header_.kind == EntryKind::gap) {
      return body_.size() < 8 ? stop(Why::no_entry, "a bad gap") : true;
    }
    if (is_mark()) return true;
    switch (read_frame(body_, frame_)) {
      case FrameFault::none: break;
      case FrameFault::too_short: return stop(Why::no_entry, "a frame is not whole");
      case FrameFault::wrong_sum: return stop(Why::no_entry, "a frame has a wrong sum");
      case FrameFault::wrong_shape: return stop(Why::wrong_place, "a frame has a wrong shape");
      case FrameFault::newer:
        return fail(ErrorCode::invalid,
                    fmt::format("{}: offset {}: a frame of a newer format than this program reads",
                                segment_.path, end_.offset));
    }
    return true;
  }

  Result<bool> check_place() {
    if (header_.position != state_.next)
      return stop(Why::wrong_place, "an entry has another place in the sequence");
    if (header_.chain != state_.chain)
      return stop(Why::wrong_place, "an entry continues another history");
    if (header_.synced > end_.offset || header_.synced < state_.synced)
      return stop(Why::wrong_place, "an entry says what cannot be durable");
    if (is_mark())
      return header_.count == 0 && header_.body_bytes == 0 ? true
                                                           : stop(Why::wrong_place, "a bad mark");
    if (header_.kind == EntryKind::gap) return true;
    if (frame_.bytes().size() != body_.size() || frame_.count() != header_.count)
      return stop(Why::wrong_place, "a frame and its entry disagree");
    const auto last = state_.numbers.find(frame_.incarnation());
    if (last != state_.numbers.end() && frame_.number() > last->second + 1)
      return stop(Why::wrong_place, "a frame of its writer is missing before");
    return true;
  }

  const Segment& segment_;
  std::uint64_t key_;
  ScanState& state_;
  FileWindow& window_;
  ScanEnd end_{};
  EntryHeader header_{};
  Bytes body_{};
  FrameView frame_{};
};

}  // namespace

void ScanState::begin_segment() {
  synced = segment_header_bytes;
  ended = false;
}

Result<Bytes> FileWindow::at(std::uint64_t offset, std::size_t bytes) {
  const std::uint64_t end = offset_ + buffer_.size();
  if (offset < offset_ || offset + bytes > end) {
    buffer_.clear();
    const std::size_t wanted = std::max(bytes, window_bytes);
    std::byte* const to = buffer_.grow(wanted);
    const Result<std::size_t> got = file_.read_at(offset, {to, wanted});
    if (!got) return tl::unexpected(got.error());
    buffer_.clear();
    buffer_.grow(*got);
    offset_ = offset;
  }
  const Bytes rest = buffer_.bytes().subspan(static_cast<std::size_t>(offset - offset_));
  return rest.first(std::min(bytes, rest.size()));
}

Result<ScanEnd> scan_segment(const Segment& segment, std::uint64_t from, ScanState& state,
                             EntryVisitor& visitor) {
  FileWindow window(*segment.file);
  EntryCheck entry(segment, state, window);
  for (std::uint64_t offset = from;;) {
    const Result<bool> there = entry.read(offset);
    if (!there) return tl::unexpected(there.error());
    if (!*there) return entry.end();
    const EntryHeader& header = entry.header();
    const Result<bool> fresh = entry.advance();
    Result<void> seen;
    if (header.kind == EntryKind::frame && *fresh) {
      const auto at = static_cast<std::uint32_t>(offset + entry_header_bytes);
      seen = visitor.on_frame({header.position, {segment.header.ordinal, at}, entry.frame()});
    } else if (header.kind == EntryKind::gap) {
      seen = visitor.on_gap(header.position, header.end());
    }
    if (!seen) return tl::unexpected(seen.error());
    offset += header.whole_bytes();
  }
}

std::string words_for_missing(const Segment& last) {
  return fmt::format("missing, and perhaps others behind it: {} says that the journal goes on here",
                     segment_name(last.header.first));
}

Result<std::uint64_t> end_of_bytes(const Segment& segment, std::uint64_t from) {
  constexpr std::size_t step = std::size_t{1} << 20U;
  FileWindow window(*segment.file);
  std::uint64_t end = from;
  for (std::uint64_t at = from; at < segment.header.bytes; at += step) {
    const Result<Bytes> bytes = window.at(at, step);
    if (!bytes) return tl::unexpected(bytes.error());
    if (is_zero(*bytes)) continue;
    const auto last =
        std::find_if(bytes->rbegin(), bytes->rend(), [](std::byte b) { return b != std::byte{0}; });
    end = at + static_cast<std::uint64_t>(bytes->rend() - last);
  }
  return end;
}

Result<std::uint64_t> find_proof(const Segment& segment, std::uint64_t place) {
  FileWindow window(*segment.file);
  const std::uint64_t key = segment.key();
  for (std::uint64_t block = place; block < segment.header.bytes; block += window_bytes) {
    // A header may reach into the next block.
    const Result<Bytes> bytes = window.at(block, window_bytes + entry_header_bytes);
    if (!bytes) return tl::unexpected(bytes.error());
    for (std::size_t at = 0; at + entry_header_bytes <= bytes->size(); at += 8) {
      if (!looks_like_entry(bytes->data() + at)) continue;
      EntryHeader header;
      if (read_entry_header(bytes->subspan(at), key, header) && header.synced > place)
        return block + at;
    }
  }
  return 0;
}

}  // namespace mqz::storage
