#include "lib/storage/repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "lib/storage/identity.h"
#include "lib/storage/little_endian.h"
#include "lib/storage/lost_files.h"
#include "lib/storage/room.h"
#include "lib/storage/salvage.h"
#include "lib/storage/snapshot_file.h"

namespace mqz::storage {

namespace {

using SegmentPtr = std::shared_ptr<Segment>;

constexpr std::uint64_t gap_body_bytes = 8;
constexpr std::uint64_t gap_bytes = entry_header_bytes + gap_body_bytes;
// A store of which no segment is left continues far behind any address it may still hold.
constexpr std::uint32_t ordinal_after_loss = std::uint32_t{1} << 30U;

class Nobody final : public EntryVisitor {
 public:
  Result<void> on_frame(const JournalFrame&) override { return {}; }
  Result<void> on_gap(Position, Position) override { return {}; }
};

Result<void> write_bytes(os::DiskFile& file, std::uint64_t offset, Bytes bytes) {
  const std::array piece{bytes};
  return file.write_at(offset, piece);
}

class Repair {
 public:
  Repair(os::Disk& disk, const std::string& directory)
      : disk_(disk), directory_(directory), lost_(disk, directory, report_.done) {}

  Result<RepairReport> run() {
    auto lock = disk_.lock(directory_ + "/LOCK");
    if (!lock) return tl::unexpected(lock.error());
    auto names = disk_.list(directory_);
    if (!names) return tl::unexpected(names.error());
    names_ = std::move(*names);
    for (const auto step : {&Repair::find_identity, &Repair::open_snapshots, &Repair::open_segments,
                            &Repair::mend_segments, &Repair::mend_reach, &Repair::mend_identity}) {
      if (auto done = (this->*step)(); !done) return tl::unexpected(done.error());
    }
    return std::move(report_);
  }

 private:
  // ---- What there is. ----

  Result<void> find_identity() {
    const auto store_id = read_identity(disk_, directory_);
    if (store_id) {
      store_id_ = *store_id;
      return {};
    }
    if (store_id.error().code == ErrorCode::corrupt) {
      if (auto moved = lost_.take(identity_name, "damaged"); !moved) return moved;
    } else if (store_id.error().code != ErrorCode::not_found) {
      return tl::unexpected(store_id.error());
    }
    lacks_identity_ = true;
    for (const std::string& name : names_) {
      if (!position_in_name(name, segment_ending)) continue;
      const auto segment = open_segment(disk_, directory_ + "/" + name, os::OpenAs::read);
      if (segment) store_id_ = (*segment)->header.store_id;
    }
    if (store_id_ != 0) return {};
    return fail(ErrorCode::corrupt, directory_ + ": nothing says which store this is");
  }

  Result<void> mend_identity() {
    if (!lacks_identity_) return {};
    report_.done.push_back(fmt::format("{}/{}: written anew", directory_, identity_name));
    return write_identity(disk_, directory_, store_id_);
  }

  Result<void> open_snapshots() {
    for (const std::string& name : names_) {
      if (!position_in_name(name, snapshot_ending)) continue;
      auto read = read_snapshot(disk_, directory_, name, store_id_, nullptr);
      if (read) {
        snapshot_ = std::move(*read);
      } else if (read.error().code == ErrorCode::corrupt) {
        if (auto moved = lost_.take(name, "damaged"); !moved) return moved;
      } else {
        return tl::unexpected(read.error());
      }
    }
    return {};
  }

  Result<void> open_segments() {
    for (const std::string& name : names_) {
      if (!position_in_name(name, segment_ending)) continue;
      auto segment = open_segment(disk_, directory_ + "/" + name, os::OpenAs::write);
      if (!segment && segment.error().code == ErrorCode::corrupt) segment = rebuild(name);
      if (!segment) return tl::unexpected(segment.error());
      const bool usable = *segment != nullptr && (*segment)->header.store_id == store_id_ &&
                          (*segment)->header.ordinal > last_ordinal();
      if (usable) {
        segments_.push_back(std::move(*segment));
      } else if (auto moved = lost_.take(name, "cannot be read as a segment"); !moved) {
        return moved;
      }
    }
    return {};
  }

  std::uint32_t last_ordinal() const {
    return segments_.empty() ? 0 : segments_.back()->header.ordinal;
  }

  // A segment whose header or size is damaged, if its first entry can still be read; else null.
  Result<SegmentPtr> rebuild(const std::string& name) {
    const std::string path = directory_ + "/" + name;
    auto file = disk_.open(path, os::OpenAs::write);
    if (!file) return tl::unexpected(file.error());
    const Result<std::uint64_t> size = (*file)->size();
    if (!size) return tl::unexpected(size.error());
    std::array<std::byte, segment_header_bytes + entry_header_bytes> start{};
    const auto got = (*file)->read_at(0, start);
    if (!got) return tl::unexpected(got.error());
    SegmentHeader header{store_id_, *position_in_name(name, segment_ending), 0, (*size + 7) / 8 * 8,
                         0};
    const auto known = decode_segment_header(start);
    if (known) {
      header.chain = known->chain;
      header.ordinal = known->ordinal;
    } else if (!guess_ordinal(Bytes(start).subspan(segment_header_bytes), header)) {
      return SegmentPtr{};
    }
    report_.done.push_back(fmt::format("{}: offset 0: header written anew", path));
    auto segment = std::make_shared<Segment>(Segment{header, path, std::move(*file)});
    if (auto resized = resize(*segment, header.bytes); !resized)
      return tl::unexpected(resized.error());
    return segment;
  }

  // Ordinals grow by one for each segment, and few are missing.
  bool guess_ordinal(Bytes entry, SegmentHeader& header) const {
    constexpr std::uint32_t guesses = 1U << 16U;
    for (std::uint32_t i = 1; i <= guesses; ++i) {
      header.ordinal = last_ordinal() + i;
      EntryHeader first;
      if (!read_entry_header(entry, segment_key(store_id_, header.ordinal), first)) continue;
      header.chain = first.chain;
      return first.position == header.first;
    }
    return false;
  }

  // ---- Mending. ----

  Result<void> resize(Segment& segment, std::uint64_t bytes) {
    segment.header.bytes = std::max(segment.header.bytes, bytes);
    if (auto made = segment.file->allocate(segment.header.bytes); !made) return made;
    const auto header = encode_segment_header(segment.header);
    if (auto written = write_bytes(*segment.file, 0, header); !written) return written;
    return segment.file->sync();
  }

  // Writes an entry over [range.begin, end): the positions from range.next to `position` are given
  // up, and `chain` is what the next entry continues.
  Result<void> write_gap(Segment& segment, const BadRange& range, std::uint64_t end,
                         Position position, std::uint64_t chain) {
    const Position count = position - range.next;
    if (count > 0xFFFF'FFFFU)
      return fail(ErrorCode::corrupt, segment.path + ": more is missing than one gap can say");
    const bool mark = end - range.begin == entry_header_bytes && count == 0 && chain == range.chain;
    if (!mark) end = std::max(end, range.begin + gap_bytes);
    if (end > segment.header.bytes) {
      if (auto room = resize(segment, end); !room) return room;
    }
    std::vector<std::byte> bytes(static_cast<std::size_t>(end - range.begin));
    const auto body = static_cast<std::uint32_t>(bytes.size() - entry_header_bytes);
    write_entry_header({mark ? EntryKind::mark : EntryKind::gap, range.next, range.synced,
                        range.chain, body, static_cast<std::uint32_t>(count)},
                       segment.key(), bytes.data());
    if (!mark) store(bytes.data() + entry_header_bytes, chain);
    if (auto written = write_bytes(*segment.file, range.begin, bytes); !written) return written;
    end_ = end;
    tell_gap(segment, range, position);
    return segment.file->sync();
  }

  void tell_gap(const Segment& segment, const BadRange& range, Position position) {
    const bool none = position == range.next;
    if (!none) report_.lost.push_back({range.next, position});
    report_.done.push_back(
        fmt::format("{}: offset {}: {}", segment.path, range.begin,
                    none ? "written anew, nothing lost"
                         : fmt::format("positions {} to {} given up", range.next, position - 1)));
  }

  // Where nothing was: at the end of what can be read.
  BadRange end_of_sound() const {
    return {end_, end_, state_.next, state_.next, state_.chain, state_.synced, {}, ""};
  }

  // A segment of its own for positions whose segment is gone, or the first of an empty journal.
  Result<SegmentPtr> insert(std::uint32_t ordinal, Position first, std::uint64_t chain) {
    constexpr std::uint64_t bytes = 4096;
    const std::string path = directory_ + "/gap.tmp";
    static_cast<void>(disk_.remove(path));  // of an interrupted repair
    if (auto made = make_file(disk_, path, bytes); !made) return tl::unexpected(made.error());
    auto file = disk_.open(path, os::OpenAs::write);
    if (!file) return tl::unexpected(file.error());
    return begin_segment(disk_, directory_, path, std::move(*file),
                         {store_id_, first, chain, bytes, ordinal});
  }

  Result<void> mend_ranges(Segment& segment, const SegmentWalk& walk, const Segment* next) {
    for (const BadRange& range : walk.bad) {
      if (auto copied = lost_.copy(segment, range.begin, range.end); !copied) return copied;
      Result<void> mended;
      if (range.behind) {
        mended = write_gap(segment, range, range.end, range.behind->position, range.behind->chain);
      } else {
        const Position position = next == nullptr ? range.known_end : next->header.first;
        const std::uint64_t chain = next == nullptr ? range.chain : next->header.chain;
        mended = write_gap(segment, range, segment.header.bytes, position, chain);
        state_.next = position;
        state_.chain = chain;
      }
      if (!mended) return mended;
    }
    return {};
  }

  // Positions before `segment` that no segment has and replay would ask for.
  Result<void> mend_start(std::size_t index) {
    const SegmentHeader& header = segments_[index]->header;
    const bool follows = header.first == state_.next && header.chain == state_.chain;
    const bool needed = header.first > std::max<Position>(snapshot_.header.replay_from, 1);
    if (!follows && needed) {
      if (auto filled = fill_before(index); !filled) return filled;
    }
    if (!follows) state_.numbers.clear();
    state_.next = header.first;
    state_.chain = header.chain;
    return {};
  }

  Result<void> fill_before(std::size_t index) {
    const SegmentHeader& header = segments_[index]->header;
    if (index > 0 && header.first == state_.next) {
      return fail(ErrorCode::corrupt, segments_[index]->path + ": offset 0: two histories");
    }
    if (index > 0) {
      // Behind the last sound entry of the segment before.
      return write_gap(*segments_[index - 1], end_of_sound(), end_ + gap_bytes, header.first,
                       header.chain);
    }
    auto filler = insert(header.ordinal - 1, state_.next, state_.chain);
    if (!filler) return tl::unexpected(filler.error());
    state_.synced = segment_header_bytes;
    return write_gap(**filler, end_of_sound(), end_ + gap_bytes, header.first, header.chain);
  }

  Result<void> mend_segments() {
    if (segments_.empty()) {
      const Position first = std::max<Position>(snapshot_.header.replay_from, 1);
      auto segment = insert(ordinal_after_loss, first, 0);
      if (!segment) return tl::unexpected(segment.error());
      segments_.push_back(std::move(*segment));
      state_.next = first;
    }
    Nobody nobody;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      if (auto started = mend_start(i); !started) return started;
      const Segment* next = i + 1 < segments_.size() ? segments_[i + 1].get() : nullptr;
      const auto walk = walk_segment(*segments_[i], next == nullptr, state_, nobody);
      if (!walk) return tl::unexpected(walk.error());
      end_ = walk->end;
      if (auto mended = mend_ranges(*segments_[i], *walk, next); !mended) return mended;
    }
    return {};
  }

  // The journal has to reach as far as the snapshot knows.
  Result<void> mend_reach() {
    if (state_.next >= snapshot_.totals.end) return {};
    return write_gap(*segments_.back(), end_of_sound(), end_ + gap_bytes, snapshot_.totals.end,
                     state_.chain);
  }

  os::Disk& disk_;
  std::string directory_;
  RepairReport report_{};
  LostFiles lost_;
  std::vector<std::string> names_{};
  std::uint64_t store_id_ = 0;
  bool lacks_identity_ = false;
  SnapshotSummary snapshot_{};
  std::vector<SegmentPtr> segments_{};
  ScanState state_{};
  std::uint64_t end_ = segment_header_bytes;  // behind the last sound entry of the last one walked
};

}  // namespace

Result<RepairReport> repair_store(os::Disk& disk, const std::string& directory) {
  return Repair(disk, directory).run();
}

}  // namespace mqz::storage
