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
#include "lib/storage/snapshot_salvage.h"

namespace mqz::storage {

namespace {

using SegmentPtr = std::shared_ptr<Segment>;

constexpr std::uint64_t gap_body_bytes = 8;
constexpr std::uint64_t gap_bytes = entry_header_bytes + gap_body_bytes;
constexpr std::uint64_t inserted_bytes = 4096;  // a segment that holds a gap, and little else
// Where the last segments are lost the journal goes on with an ordinal so far above those that are
// known: nobody can have begun as many segments since.
constexpr std::uint32_t ordinals_apart_bits = 16;

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
                            &Repair::mend_snapshots, &Repair::find_lost_end, &Repair::mend_segments,
                            &Repair::mend_end, &Repair::mend_identity}) {
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
    const auto found = find_store_id(disk_, directory_, names_);
    if (!found) return tl::unexpected(found.error());
    store_id_ = *found;
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
        damaged_.push_back(name);
      } else {
        return tl::unexpected(read.error());
      }
    }
    return {};
  }

  // Does the journal have everything from where the snapshot that is sound ends, or from its
  // beginning?
  bool has_whole_journal() const {
    const Position from = std::max<Position>(snapshot_.header.replay_from, 1);
    std::size_t start = 0;
    while (start + 1 < segments_.size() && segments_[start + 1]->header.first <= from) ++start;
    if (segments_.empty() || segments_[start]->header.first > from) return false;
    const std::size_t count = segments_.size() - start;
    return last_ordinal() - segments_[start]->header.ordinal + 1 == count;
  }

  // A damaged snapshot that is needed is replaced by its sound blocks, unless a sound one and the
  // journal have everything.
  Result<void> mend_snapshots() {
    const bool is_needed =
        !damaged_.empty() && damaged_.back() > snapshot_.name && !has_whole_journal();
    for (const std::string& name : damaged_) {
      if (is_needed && name == damaged_.back()) continue;
      if (auto moved = lost_.take(name, "damaged"); !moved) return moved;
    }
    return is_needed ? mend_snapshot(damaged_.back()) : Result<void>();
  }

  Result<void> mend_snapshot(const std::string& name) {
    const auto remains = walk_snapshot(disk_, directory_, name, store_id_, nullptr);
    if (!remains && remains.error().code != ErrorCode::corrupt)
      return tl::unexpected(remains.error());
    if (!remains || remains->entries == 0) return lost_.take(name, "damaged");
    if (auto kept = lost_.keep_copy(name); !kept) return kept;
    if (!snapshot_.name.empty()) {
      if (auto moved = lost_.take(snapshot_.name, "the journal does not go back as far"); !moved)
        return moved;
    }
    auto mended = rewrite_snapshot(disk_, directory_, name, store_id_);
    if (!mended) return tl::unexpected(mended.error());
    snapshot_ = std::move(*mended);
    report_.lost_of_snapshot = remains->lost.size();
    for (const SnapshotRemains::Range& range : remains->lost) {
      report_.done.push_back(fmt::format("{}/{}: offset {}: {} bytes left out", directory_, name,
                                         range.offset, range.bytes));
    }
    report_.done.push_back(fmt::format("{}/{}: {} entries kept; as it was it is in lost/",
                                       directory_, name, remains->entries));
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
      if (auto kept = keep_if_cut(name, *size, known->bytes); !kept)
        return tl::unexpected(kept.error());
    } else if (!guess_ordinal(Bytes(start).subspan(segment_header_bytes), header)) {
      return SegmentPtr{};
    }
    report_.done.push_back(fmt::format("{}: offset 0: header written anew", path));
    auto segment = std::make_shared<Segment>(Segment{header, path, std::move(*file)});
    if (auto copied = lost_.copy(*segment, 0, std::min<std::uint64_t>(*size, segment_header_bytes));
        !copied)
      return tl::unexpected(copied.error());
    if (auto resized = resize(*segment, header.bytes); !resized)
      return tl::unexpected(resized.error());
    return segment;
  }

  // Nothing says how much stood behind the end of a last segment that was cut; the copy in lost/
  // says that it was, should this repair be interrupted.
  Result<void> keep_if_cut(const std::string& name, std::uint64_t size, std::uint64_t whole) {
    const bool is_last = std::none_of(names_.begin(), names_.end(), [&](const std::string& other) {
      return other > name && position_in_name(other, segment_ending);
    });
    if (!is_last || size >= whole) return {};
    report_.done.push_back(fmt::format("{}/{}: offset {}: cut, of {} bytes; copied to lost/",
                                       directory_, name, size, whole));
    return lost_.keep_copy(name);
  }

  // Ordinals grow by one for each segment, few are missing, and repairs leave some out.
  bool guess_ordinal(Bytes entry, SegmentHeader& header) const {
    constexpr std::uint32_t guesses = 3U << ordinals_apart_bits;
    const std::uint32_t least = last_ordinal() + 1;
    const std::uint32_t known = snapshot_.header.segment;
    return guess_ordinal(entry, header, least, guesses) ||
           guess_ordinal(entry, header, std::max(least, known), guesses);
  }

  bool guess_ordinal(Bytes entry, SegmentHeader& header, std::uint32_t from,
                     std::uint32_t guesses) const {
    for (std::uint32_t i = 0; i < guesses; ++i) {
      header.ordinal = from + i;
      EntryHeader first;
      if (!read_entry_header(entry, segment_key(store_id_, header.ordinal), first)) continue;
      header.chain = first.chain;
      return first.position == header.first;
    }
    return false;
  }

  // What a segment behind the last that is left says: it was there, and that one was synced whole;
  // or the last itself, as it was when its end was gone.
  Result<void> find_lost_end() {
    const Result<std::optional<Position>> last = lost_.last_segment();
    if (!last) return tl::unexpected(last.error());
    const Position kept = segments_.empty() ? 0 : segments_.back()->header.first;
    if (*last && **last >= kept) lost_end_ = **last + 1;
    return {};
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
  // Returns its end.
  Result<std::uint64_t> write_gap(Segment& segment, const BadRange& range, std::uint64_t end,
                                  Position position, std::uint64_t chain) {
    const Position count = position - range.next;
    if (count > 0xFFFF'FFFFU)
      return fail(ErrorCode::corrupt, segment.path + ": more is missing than one gap can say");
    const bool mark = end - range.begin == entry_header_bytes && count == 0 && chain == range.chain;
    if (!mark) end = std::max(end, range.begin + gap_bytes);
    if (end > segment.header.bytes) {
      if (auto room = resize(segment, end); !room) return tl::unexpected(room.error());
    }
    // What stands behind the gap stays: queues may have addresses of sound records there.
    std::array<std::byte, gap_bytes> bytes{};
    const auto body = static_cast<std::uint32_t>(end - range.begin - entry_header_bytes);
    write_entry_header({mark ? EntryKind::mark : EntryKind::gap, range.next, range.synced,
                        range.chain, body, static_cast<std::uint32_t>(count)},
                       segment.key(), bytes.data());
    store(bytes.data() + entry_header_bytes, chain);
    const Bytes piece = Bytes(bytes).first(mark ? entry_header_bytes : gap_bytes);
    if (auto written = write_bytes(*segment.file, range.begin, piece); !written)
      return tl::unexpected(written.error());
    if (auto synced = segment.file->sync(); !synced) return tl::unexpected(synced.error());
    tell_gap(segment, range, position);
    return end;
  }

  void tell_gap(const Segment& segment, const BadRange& range, Position position) {
    const bool none = position == range.next;
    const Position first = std::max(range.next, snapshot_.header.replay_from);
    if (first < position && !is_end_told_) report_.lost.push_back({first, position});
    report_.done.push_back(fmt::format(
        "{}: offset {}: {}", segment.path, range.begin,
        none ? "written anew, nothing lost"
             : fmt::format("positions {} to {} given up{}", range.next, position - 1,
                           first < position ? "" : ", which the snapshot has applied")));
  }

  // Where nothing was: at the end of what can be read.
  BadRange end_of_sound() const {
    return {end_, end_, state_.next, state_.next, state_.chain, state_.synced, {}, ""};
  }

  // A segment of its own for positions whose segment is gone: a gap up to `end`.
  Result<SegmentPtr> insert(const SegmentHeader& header, Position end, std::uint64_t chain) {
    const std::string path = directory_ + "/gap.tmp";
    static_cast<void>(disk_.remove(path));  // of an interrupted repair
    if (auto made = make_file(disk_, path, header.bytes); !made)
      return tl::unexpected(made.error());
    auto file = disk_.open(path, os::OpenAs::write);
    if (!file) return tl::unexpected(file.error());
    // Before it has its name: no segment that others follow is empty.
    Segment segment{header, directory_ + "/" + segment_name(header.first), std::move(*file)};
    const BadRange range{.begin = segment_header_bytes,
                         .next = header.first,
                         .chain = header.chain,
                         .synced = segment_header_bytes};
    if (auto gap = write_gap(segment, range, segment_header_bytes + gap_bytes, end, chain); !gap)
      return tl::unexpected(gap.error());
    return begin_segment(disk_, directory_, path, std::move(segment.file), segment.header);
  }

  Result<void> mend_ranges(Segment& segment, const SegmentWalk& walk, const Segment* next) {
    for (const BadRange& range : walk.bad) {
      if (auto copied = lost_.copy(segment, range.begin, range.end); !copied) return copied;
      Result<std::uint64_t> mended;
      if (range.behind) {
        mended = write_gap(segment, range, range.end, range.behind->position, range.behind->chain);
      } else {
        const Position position = next == nullptr ? range.known_end : next->header.first;
        const std::uint64_t chain = next == nullptr ? range.chain : next->header.chain;
        mended = write_gap(segment, range, segment.header.bytes, position, chain);
        state_.next = position;
        state_.chain = chain;
      }
      if (!mended) return tl::unexpected(mended.error());
      end_ = *mended;
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
      // Behind the last sound entry of the segment before, over what may be torn there.
      const auto gap = write_gap(*segments_[index - 1], end_of_sound(),
                                 std::max(end_ + gap_bytes, torn_end_), header.first, header.chain);
      return gap ? Result<void>() : tl::unexpected(gap.error());
    }
    const SegmentHeader filler{store_id_, state_.next, state_.chain, inserted_bytes,
                               header.ordinal - 1};
    const auto inserted = insert(filler, header.first, header.chain);
    return inserted ? Result<void>() : tl::unexpected(inserted.error());
  }

  Result<void> mend_segments() {
    Nobody nobody;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      if (auto started = mend_start(i); !started) return started;
      const Segment* next = i + 1 < segments_.size() ? segments_[i + 1].get() : nullptr;
      const Following following{next == nullptr && lost_end_ == 0,
                                next == nullptr ? nullptr : &next->header};
      const auto walk = walk_segment(*segments_[i], following, state_, nobody);
      if (!walk) return tl::unexpected(walk.error());
      end_ = walk->end;
      torn_end_ = walk->torn_bytes == 0 ? 0 : (walk->end + walk->torn_bytes + 7) / 8 * 8;
      if (auto mended = mend_ranges(*segments_[i], *walk, next); !mended) return mended;
    }
    if (state_.ended) lost_end_ = std::max(lost_end_, state_.next);
    if (segments_.empty()) state_.next = std::max<Position>(snapshot_.header.replay_from, 1);
    return {};
  }

  // Above those of all segments that a snapshot can have addresses in.
  std::uint32_t fresh_ordinal() const {
    const std::uint32_t known = std::max(last_ordinal(), snapshot_.header.segment);
    return ((known >> ordinals_apart_bits) + 2) << ordinals_apart_bits;
  }

  // The journal has to reach as far as the snapshot knows. Where its last segments are gone it goes
  // on in a new one: queues may have addresses in those, and no other record may stand there.
  Result<void> mend_end() {
    const Position end = std::max(lost_end_, snapshot_.totals.end);
    if (!segments_.empty() && state_.next >= end && lost_end_ == 0) return {};
    const Position first = std::max(state_.next, end);
    report_.lost.push_back({state_.next, first + 1, true});
    is_end_told_ = true;
    auto added = insert({store_id_, first, state_.chain, inserted_bytes, fresh_ordinal()},
                        first + 1, state_.chain);
    if (!added) return tl::unexpected(added.error());
    segments_.push_back(std::move(*added));
    return state_.next < first ? fill_before(segments_.size() - 1) : Result<void>();
  }

  os::Disk& disk_;
  std::string directory_;
  RepairReport report_{};
  LostFiles lost_;
  std::vector<std::string> names_{};
  std::uint64_t store_id_ = 0;
  bool lacks_identity_ = false;
  SnapshotSummary snapshot_{};          // the newest that is sound
  std::vector<std::string> damaged_{};  // snapshots
  std::vector<SegmentPtr> segments_{};
  ScanState state_{};
  Position lost_end_ = 0;  // behind what lost/ says of a segment after the last that is left
  bool is_end_told_ = false;
  std::uint64_t end_ = segment_header_bytes;  // behind the last sound entry of the last one walked
  std::uint64_t torn_end_ = 0;                // of what may be torn behind it; 0: nothing
};

}  // namespace

std::string text_of(const LostRange& lost) {
  if (!lost.is_open) return fmt::format("positions {} to {} are lost", lost.first, lost.end - 1);
  return fmt::format("positions from {} on are lost; nothing says how many there were", lost.first);
}

Result<RepairReport> repair_store(os::Disk& disk, const std::string& directory) {
  return Repair(disk, directory).run();
}

}  // namespace mqz::storage
