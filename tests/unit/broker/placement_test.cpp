#include "lib/broker/placement.h"

#include <array>
#include <catch2/catch.hpp>

using namespace mqz::broker;

namespace {

constexpr ShardIndex here = 0;

std::vector<ShardIndex> choose_many(Placer& placer, int count) {
  std::vector<ShardIndex> chosen;
  for (int one = 0; one < count; ++one) chosen.push_back(placer.choose());
  return chosen;
}

std::vector<ShardIndex> all(ShardIndex shard, std::size_t count) {
  return std::vector<ShardIndex>(count, shard);
}

}  // namespace

TEST_CASE("clients are packed on the first shard that has time", "[broker]") {
  Placer placer(Placement::pack, here, 3);
  CHECK(placer.choose() == here);  // before anything is known
  placer.note(std::array<std::uint16_t, 3>{900, 200, 0}, 1);
  CHECK(placer.choose() == 1);
  placer.note(std::array<std::uint16_t, 3>{900, 800, 700}, 1);
  CHECK(placer.choose() == 2);  // all are busy: where there is least
  placer.note(std::array<std::uint16_t, 3>{300, 0, 0}, 1);
  CHECK(placer.choose() == here);
}

TEST_CASE("clients are spread in turn", "[broker]") {
  Placer placer(Placement::spread, here, 3);
  CHECK(choose_many(placer, 4) == std::vector<ShardIndex>{0, 1, 2, 0});
}

TEST_CASE("clients that soon leave again keep the front busy, and are not given away", "[broker]") {
  Placer placer(Placement::pack, here, 2);
  CHECK(choose_many(placer, 1000) == all(here, 1000));
  placer.note(std::array<std::uint16_t, 2>{1000, 0}, 40);
  CHECK(choose_many(placer, 1000) == all(here, 1000));
  placer.note(std::array<std::uint16_t, 2>{1000, 0}, 40);
  CHECK(choose_many(placer, 1000) == all(here, 1000));

  SECTION("until they stay") {
    placer.note(std::array<std::uint16_t, 2>{1000, 0}, 900);
    CHECK(choose_many(placer, 1000) == all(1, 1000));
  }
  SECTION("until they are few") {
    placer.note(std::array<std::uint16_t, 2>{1000, 0}, 40);
    choose_many(placer, 10);
    placer.note(std::array<std::uint16_t, 2>{1000, 0}, 40);
    CHECK(placer.choose() == 1);
  }
}
