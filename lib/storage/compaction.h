// Which segments may go, and which are worth emptying: the disk holds at most twice what is alive
// and 256 MB. Pure: the owner counts, copies what is alive to the journal's end, and removes.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "lib/storage/segment.h"

namespace mqz::storage {

inline constexpr std::uint64_t disk_allowance_bytes = std::uint64_t{256} << 20U;

// How much of each segment somebody still needs to read. A record that several need counts once:
// a bit stands for each cell of a segment. One thread.
class LiveBodies {
 public:
  // With about what the record takes in the file.
  void note(Address address, std::uint64_t bytes);
  // What others need, too.
  void merge(const LiveBodies& others);
  // More than 0 if anything there is needed.
  std::uint64_t of(std::uint32_t segment) const;
  // The same, with every record as often as it was noted.
  std::uint64_t repeated(std::uint32_t segment) const;
  // In which anything is needed, by ordinal.
  std::vector<std::uint32_t> segments() const;

 private:
  static constexpr std::uint32_t cell_bytes = 64;
  struct Segment {
    std::vector<std::uint64_t> cells{};
    std::uint64_t bytes = 0;
    std::uint64_t repeated = 0;
  };
  std::map<std::uint32_t, Segment> segments_{};
};

struct SegmentLoad {
  std::uint32_t ordinal = 0;
  Position first = 0;
  std::uint64_t bytes = 0;  // of the file
  std::uint64_t live = 0;
};

std::vector<SegmentLoad> segment_loads(const SegmentTable& segments, const LiveBodies& live);

struct CompactionPlan {
  std::vector<std::uint32_t> remove{};  // nothing in them is needed
  std::vector<std::uint32_t> copy{};    // what is alive is to be appended again
  // What is in the way can only be removed when a newer snapshot stands.
  bool wants_snapshot = false;
};

// `loads` by ordinal; the last is being written. `replay_from` is that of the durable snapshot, 0
// if there is none. Copied are segments of which less than a quarter is alive, and more, the
// emptiest first, while the disk holds too much.
CompactionPlan plan_compaction(std::span<const SegmentLoad> loads, Position replay_from,
                               std::uint64_t allowance_bytes = disk_allowance_bytes);

}  // namespace mqz::storage
