#include "lib/storage/inspect.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/storage/identity.h"
#include "lib/storage/salvage.h"

namespace mqz::storage {

namespace {

// "PATH: offset N: what", as errors of this module have it, in its parts again.
Damage damage_of(const std::string& path, const Error& error) {
  constexpr std::string_view offset = ": offset 0: ";
  const std::string_view text = error.text;
  const std::size_t at = text.find(": ");
  std::string_view what = at == std::string_view::npos ? text : text.substr(at + 2);
  if (text.substr(std::min(at, text.size())).starts_with(offset))
    what = text.substr(at + offset.size());
  return {path, 0, std::string(what)};
}

bool tells_damage(const Error& error) {
  return error.code == ErrorCode::corrupt || error.code == ErrorCode::invalid;
}

class Counter final : public EntryVisitor {
 public:
  Counter(EntryVisitor* visitor, StoreSummary& summary) : visitor_(visitor), summary_(summary) {}

  Result<void> on_frame(const JournalFrame& frame) override {
    SegmentSummary& segment = summary_.segments.back();
    ++segment.frames;
    segment.records += frame.frame.count();
    return visitor_ == nullptr ? Result<void>{} : visitor_->on_frame(frame);
  }
  Result<void> on_gap(Position first, Position end) override {
    summary_.given_up += end - first;
    return visitor_ == nullptr ? Result<void>{} : visitor_->on_gap(first, end);
  }

 private:
  EntryVisitor* visitor_;
  StoreSummary& summary_;
};

class Inspection {
 public:
  Inspection(os::Disk& disk, const std::string& directory) : disk_(disk), directory_(directory) {}

  Result<void> open() {
    auto lock = disk_.lock_to_look(directory_ + "/LOCK");
    if (!lock) return tl::unexpected(lock.error());
    lock_ = std::move(*lock);
    auto names = disk_.list(directory_);
    if (!names) return tl::unexpected(names.error());
    names_ = std::move(*names);
    return identify();
  }

  Result<void> read_snapshots(SnapshotVisitor* visitor) {
    for (const std::string& name : names_) {
      if (!position_in_name(name, snapshot_ending)) continue;
      auto read = read_snapshot(disk_, directory_, name, summary_.store_id, nullptr);
      if (read) {
        summary_.snapshots.push_back(std::move(*read));
      } else if (auto told = tell(directory_ + "/" + name, read.error()); !told) {
        return told;
      }
    }
    if (visitor == nullptr || summary_.snapshots.empty()) return {};
    const auto shown = read_snapshot(disk_, directory_, summary_.snapshots.back().name,
                                     summary_.store_id, visitor);
    if (!shown) return tl::unexpected(shown.error());
    return {};
  }

  Result<void> read_segments(EntryVisitor* visitor) {
    std::vector<std::shared_ptr<Segment>> segments;
    for (const std::string& name : names_) {
      if (!position_in_name(name, segment_ending)) continue;
      auto segment = open_segment(disk_, directory_ + "/" + name, os::OpenAs::read);
      if (segment) {
        segments.push_back(std::move(*segment));
      } else if (auto told = tell(directory_ + "/" + name, segment.error()); !told) {
        return told;
      }
    }
    if (segments.empty()) {
      add(directory_, 0, "the journal's segments are missing");
      return {};
    }
    Counter counter(visitor, summary_);
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const Segment* next = i + 1 < segments.size() ? segments[i + 1].get() : nullptr;
      if (auto read = read_one(*segments[i], next, counter); !read) return read;
    }
    check_follows(*segments.back());
    check_reach(segments.back()->path);
    return {};
  }

  StoreSummary take() { return std::move(summary_); }

 private:
  void add(const std::string& path, std::uint64_t offset, std::string what) {
    summary_.damage.push_back({path, offset, std::move(what)});
  }

  // Damage is told; another error is one.
  Result<void> tell(const std::string& path, const Error& error) {
    if (!tells_damage(error)) return tl::unexpected(error);
    summary_.damage.push_back(damage_of(path, error));
    return {};
  }

  Result<void> identify() {
    const std::string path = directory_ + "/" + identity_name;
    const auto store_id = read_identity(disk_, directory_);
    if (store_id) {
      summary_.store_id = *store_id;
      return {};
    }
    if (store_id.error().code == ErrorCode::not_found) {
      add(path, 0, "missing");
    } else if (auto told = tell(path, store_id.error()); !told) {
      return told;
    }
    const auto found = find_store_id(disk_, directory_, names_);
    if (!found) return tl::unexpected(found.error());
    summary_.store_id = *found;
    return {};
  }

  Position replay_from() const {
    return summary_.snapshots.empty() ? 1 : summary_.snapshots.back().header.replay_from;
  }

  // What lies between the last segment and this one was removed, or is missing.
  void check_start(const Segment& segment) {
    const SegmentHeader& header = segment.header;
    if (header.store_id != summary_.store_id) add(segment.path, 0, "belongs to another store");
    const bool follows = header.first == state_.next && header.chain == state_.chain;
    if (!follows && header.first > replay_from()) {
      add(segment.path, 0,
          fmt::format("positions {} to {} are missing before it", state_.next, header.first - 1));
    }
    if (!follows) state_.numbers.clear();
    state_.next = header.first;
    state_.chain = header.chain;
  }

  Result<void> read_one(const Segment& segment, const Segment* next, Counter& counter) {
    check_start(segment);
    summary_.segments.push_back({segment_name(segment.header.first), segment.header});
    const auto walk = walk_segment(
        segment, {next == nullptr, next == nullptr ? nullptr : &next->header}, state_, counter);
    if (!walk) return tl::unexpected(walk.error());
    for (const BadRange& range : walk->bad) {
      add(segment.path, range.begin,
          range.behind ? fmt::format("{}; readable again from offset {}, position {}", range.what,
                                     range.end, range.behind->position)
                       : fmt::format("{}, to the end of the segment", range.what));
    }
    summary_.segments.back().end = state_.next;
    summary_.segments.back().used_bytes = walk->end;
    summary_.torn_bytes += walk->torn_bytes;
    return {};
  }

  void check_follows(const Segment& last) {
    const std::string next = segment_name(state_.next);
    // One that does not open is told already.
    const bool is_there = std::find(names_.begin(), names_.end(), next) != names_.end();
    if (state_.ended && !is_there) add(directory_ + "/" + next, 0, words_for_missing(last));
  }

  void check_reach(const std::string& path) {
    const Position end = summary_.snapshots.empty() ? 1 : summary_.snapshots.back().totals.end;
    if (state_.next >= end) return;
    add(path, summary_.segments.back().used_bytes,
        fmt::format("the journal ends before position {}, which {} reflects", end,
                    summary_.snapshots.back().name));
  }

  os::Disk& disk_;
  std::string directory_;
  std::unique_ptr<os::DiskLock> lock_{};
  std::vector<std::string> names_{};
  StoreSummary summary_{};
  ScanState state_{};
};

}  // namespace

Result<StoreSummary> dump_store(os::Disk& disk, const std::string& directory,
                                SnapshotVisitor* entries, EntryVisitor* frames) {
  Inspection inspection(disk, directory);
  if (auto opened = inspection.open(); !opened) return tl::unexpected(opened.error());
  if (auto read = inspection.read_snapshots(entries); !read) return tl::unexpected(read.error());
  if (auto read = inspection.read_segments(frames); !read) return tl::unexpected(read.error());
  return inspection.take();
}

Result<StoreSummary> verify_store(os::Disk& disk, const std::string& directory) {
  return dump_store(disk, directory, nullptr, nullptr);
}

}  // namespace mqz::storage
