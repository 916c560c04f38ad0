#include "lib/storage/compaction.h"

#include <catch2/catch.hpp>

#include "tests/simulation/random.h"

using namespace mqz;
using namespace mqz::storage;

namespace {

// Segments of 100 bytes with ten positions each.
std::vector<SegmentLoad> loads(const std::vector<std::uint64_t>& live) {
  std::vector<SegmentLoad> made;
  for (std::size_t i = 0; i < live.size(); ++i) {
    made.push_back({static_cast<std::uint32_t>(i + 1), 1 + 10 * i, 100, live[i]});
  }
  return made;
}

using Ordinals = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("what nobody needs is removed, but only behind the snapshot", "[storage]") {
  const auto all = loads({0, 0, 0, 0, 0});
  CHECK(plan_compaction(all, 0).remove.empty());
  CHECK(plan_compaction(all, 10).remove.empty());
  CHECK(plan_compaction(all, 11).remove == Ordinals{1});
  CHECK(plan_compaction(all, 40).remove == Ordinals{1, 2, 3});
  CHECK(plan_compaction(all, 1000).remove == Ordinals{1, 2, 3, 4});
}

TEST_CASE("segments below a quarter are copied, and more when the disk holds too much",
          "[storage]") {
  const auto some = loads({90, 24, 25, 40, 0});
  CHECK(plan_compaction(some, 1000, 1000).copy == Ordinals{2});
  CHECK(plan_compaction(some, 1000, 1000).remove.empty());
  // 500 bytes of which 179 are alive: twice that and 40 is 398.
  CHECK(plan_compaction(some, 1000, 40).copy == Ordinals{2, 3});
  CHECK_FALSE(plan_compaction(some, 1000, 40).wants_snapshot);
  CHECK(plan_compaction(some, 10, 40).copy.empty());
  CHECK(plan_compaction(some, 10, 40).wants_snapshot);
}

TEST_CASE("after the plan the disk holds at most twice what is alive and the allowance",
          "[storage]") {
  simulation::Random random(3);
  for (int round = 0; round < 1000; ++round) {
    std::vector<std::uint64_t> live(1 + random.below(30));
    for (auto& bytes : live) bytes = random.chance(0.2) ? 0 : random.below(101);
    const auto all = loads(live);
    const Position replay_from = random.below(400);
    const CompactionPlan plan = plan_compaction(all, replay_from, 100);
    std::uint64_t disk = 0;
    std::uint64_t alive = 0;
    for (const SegmentLoad& load : all) {
      const auto is_in = [&](const Ordinals& ordinals) {
        return std::find(ordinals.begin(), ordinals.end(), load.ordinal) != ordinals.end();
      };
      alive += load.live;
      if (is_in(plan.remove)) CHECK(load.live == 0);
      if (is_in(plan.copy)) disk += load.live;
      if (!is_in(plan.remove) && !is_in(plan.copy)) disk += load.bytes;
    }
    CHECK((disk <= 2 * alive + 100 || plan.wants_snapshot));
    if (replay_from >= 1 + 10 * live.size()) CHECK_FALSE(plan.wants_snapshot);
  }
}

TEST_CASE("a body that several need counts once", "[storage]") {
  LiveBodies live;
  for (int count = 0; count < 3; ++count) live.note({1, 512}, 100);
  live.note({1, 700}, 50);
  live.note({2, 512}, 7);
  CHECK(live.of(1) == 150);
  CHECK(live.of(2) == 7);
  CHECK(live.of(3) == 0);
  CHECK(live.repeated(1) == 350);

  LiveBodies others;
  others.note({1, 700}, 50);
  others.note({1, 900}, 50);
  others.note({4, 1 << 20}, 9);
  live.merge(others);
  CHECK(live.of(1) == 200);
  CHECK(live.of(2) == 7);
  CHECK(live.of(4) == 9);
}

TEST_CASE("nothing that is needed counts as nothing", "[storage]") {
  LiveBodies live;
  live.note({1, 512}, 0);
  LiveBodies all;
  all.merge(live);
  CHECK(all.of(1) > 0);
}
