#include "lib/base/ring.h"

#include <catch2/catch.hpp>
#include <memory>

namespace mqz {
namespace {

using Box = std::unique_ptr<int>;

TEST_CASE("a ring gives what it was given, in order, however often it grows and turns") {
  Ring<Box> ring;
  int pushed = 0;
  int taken = 0;
  for (int round = 1; round < 60; ++round) {
    for (int i = 0; i < round; ++i) {
      if (i % 2 == 0)
        ring.push(std::make_unique<int>(pushed++));
      else
        ring.emplace(std::make_unique<int>(pushed++));
    }
    for (int i = 0; i < round - (round % 3 == 0 ? 1 : 0); ++i) {
      const Box box = std::move(ring.front());
      ring.pop();
      REQUIRE(*box == taken++);
    }
    REQUIRE(ring.size() == static_cast<std::size_t>(pushed - taken));
    REQUIRE(ring.begin_position() == static_cast<std::uint64_t>(taken));
  }
  CHECK(*ring.front() == taken);
}

TEST_CASE(
    "a ring that is empty gives its memory back only if it is much, and keeps its positions") {
  Ring<Box> ring;
  for (int i = 0; i < 100; ++i) ring.push(std::make_unique<int>(i));
  ring.shrink();
  CHECK(*ring.at(99) == 99);
  while (!ring.empty()) ring.pop();
  ring.shrink(1000);
  ring.shrink();
  ring.push(std::make_unique<int>(7));
  CHECK(ring.begin_position() == 100);
  CHECK(*ring.at(100) == 7);
}

TEST_CASE("a ring that is moved takes its elements with it, and what it was moved from can go on") {
  Ring<Box> ring;
  for (int i = 0; i < 10; ++i) ring.push(std::make_unique<int>(i));
  for (int i = 0; i < 3; ++i) ring.pop();
  Ring<Box> other(std::move(ring));
  REQUIRE(ring.empty());  // NOLINT(bugprone-use-after-move): what is left is said
  ring.push(std::make_unique<int>(100));
  CHECK(*ring.at(3) == 100);
  CHECK(other.size() == 7);
  CHECK(*other.front() == 3);
  ring = std::move(other);
  CHECK(ring.end_position() == 10);
  CHECK(*ring.front() == 3);
}

}  // namespace
}  // namespace mqz
