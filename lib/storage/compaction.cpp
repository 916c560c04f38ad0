#include "lib/storage/compaction.h"

#include <algorithm>

#include "lib/base/check.h"

namespace mqz::storage {

namespace {

// Which is emptier, without division: segments have less than 2^32 bytes.
bool is_emptier(const SegmentLoad& a, const SegmentLoad& b) {
  return a.live * b.bytes < b.live * a.bytes;
}

}  // namespace

void LiveBytes::born(Address address, std::uint64_t bytes) {
  bytes_[address.segment] += bytes;
  total_ += bytes;
}

void LiveBytes::died(Address address, std::uint64_t bytes) {
  const auto at = bytes_.find(address.segment);
  MQZ_CHECK(at != bytes_.end() && at->second >= bytes);
  at->second -= bytes;
  total_ -= bytes;
  if (at->second == 0) bytes_.erase(at);
}

std::uint64_t LiveBytes::of(std::uint32_t segment) const {
  const auto at = bytes_.find(segment);
  return at == bytes_.end() ? 0 : at->second;
}

std::vector<SegmentLoad> segment_loads(const SegmentTable& segments, const LiveBytes& live) {
  std::vector<SegmentLoad> loads;
  for (const SegmentRef& segment : segments.all()) {
    const SegmentHeader& header = segment->header;
    loads.push_back({header.ordinal, header.first, header.bytes, live.of(header.ordinal)});
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
  std::stable_sort(candidates.begin(), candidates.end(), is_emptier);
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
