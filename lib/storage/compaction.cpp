#include "lib/storage/compaction.h"

#include <algorithm>
#include <bit>

namespace mqz::storage {

namespace {

// Which is emptier, without division: segments have less than 2^32 bytes. The older of equals.
bool is_emptier(const SegmentLoad& a, const SegmentLoad& b) {
  const std::uint64_t left = a.live * b.bytes;
  const std::uint64_t right = b.live * a.bytes;
  return left != right ? left < right : a.ordinal < b.ordinal;
}

}  // namespace

void LiveBodies::note(Address address, std::uint64_t bytes) {
  Segment& segment = segments_[address.segment];
  const std::uint32_t cell = address.offset / cell_bytes;
  const std::size_t word = cell / 64;
  const std::uint64_t bit = std::uint64_t{1} << (cell % 64);
  segment.repeated += bytes;
  if (segment.cells.size() <= word) segment.cells.resize(word + 1);
  if ((segment.cells[word] & bit) != 0) return;
  segment.cells[word] |= bit;
  segment.bytes += std::max<std::uint64_t>(bytes, 1);
}

// What both know counts once, as if all their records were of one size.
void LiveBodies::merge(const LiveBodies& others) {
  for (const auto& [ordinal, theirs] : others.segments_) {
    Segment& ours = segments_[ordinal];
    if (ours.cells.size() < theirs.cells.size()) ours.cells.resize(theirs.cells.size());
    std::uint64_t known = 0;
    std::uint64_t told = 0;
    for (std::size_t word = 0; word < theirs.cells.size(); ++word) {
      known += static_cast<std::uint64_t>(std::popcount(ours.cells[word] & theirs.cells[word]));
      told += static_cast<std::uint64_t>(std::popcount(theirs.cells[word]));
      ours.cells[word] |= theirs.cells[word];
    }
    ours.repeated += theirs.repeated;
    if (told != 0) ours.bytes += theirs.bytes * (told - known) / told;
  }
}

std::uint64_t LiveBodies::of(std::uint32_t segment) const {
  const auto at = segments_.find(segment);
  return at == segments_.end() ? 0 : at->second.bytes;
}

std::uint64_t LiveBodies::repeated(std::uint32_t segment) const {
  const auto at = segments_.find(segment);
  return at == segments_.end() ? 0 : at->second.repeated;
}

std::vector<std::uint32_t> LiveBodies::segments() const {
  std::vector<std::uint32_t> ordinals;
  for (const auto& [ordinal, segment] : segments_) ordinals.push_back(ordinal);
  return ordinals;
}

std::vector<SegmentLoad> segment_loads(const SegmentTable& segments, const LiveBodies& live) {
  std::vector<SegmentLoad> loads;
  for (const SegmentRef& segment : segments.all()) {
    const SegmentHeader& header = segment->header;
    const std::uint64_t needed = std::min(live.of(header.ordinal), header.bytes);
    loads.push_back({header.ordinal, header.first, header.bytes, needed});
  }
  return loads;
}

CompactionPlan plan_compaction(std::span<const SegmentLoad> loads, Position replay_from,
                               std::uint64_t allowance_bytes) {
  CompactionPlan plan;
  std::vector<SegmentLoad> candidates;
  std::uint64_t disk = 0;
  std::uint64_t live = 0;
  for (std::size_t i = 0; i < loads.size(); ++i) {
    disk += loads[i].bytes;
    live += loads[i].live;
    const bool behind = i + 1 < loads.size() && loads[i + 1].first <= replay_from;
    if (!behind) continue;
    if (loads[i].live == 0) {
      plan.remove.push_back(loads[i].ordinal);
      disk -= loads[i].bytes;
    } else {
      candidates.push_back(loads[i]);
    }
  }
  std::ranges::sort(candidates, is_emptier);
  const std::uint64_t allowed = 2 * live + allowance_bytes;
  for (const SegmentLoad& load : candidates) {
    if (load.live * 4 >= load.bytes && disk <= allowed) break;
    plan.copy.push_back(load.ordinal);
    disk = disk - load.bytes + load.live;
  }
  plan.wants_snapshot = disk > allowed;
  return plan;
}

}  // namespace mqz::storage
