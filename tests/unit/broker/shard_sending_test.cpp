// Long queues of which nothing is to be sent any more, and what a turn does of them.
#include "lib/broker/shard_sending.h"

#include <catch2/catch.hpp>

#include "tests/unit/broker/parking_shard.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

constexpr SendLimits limits{.at_once = {10, 10'000}, .a_turn = {30, 30'000}};

}  // namespace

TEST_CASE("a queue that has expired is given up in many turns", "[broker]") {
  ParkingShard it({.sends = limits});
  it.queue_for("late", 500, "x", 1);
  it.queue_for("late", 1, "the last", 0);
  it.pass(Millis(2000));
  CHECK(it.records.reads.empty());

  Connection& late = it.connect("late");
  CHECK(it.records.reads.size() == limits.at_once.entries);
  std::size_t turns = 0;
  for (; it.shard->has_work() && turns < 1000; ++turns) {
    it.records.reads.clear();
    it.turn();
    CHECK(it.records.reads.size() <= 2 * limits.a_turn.entries);
  }
  CHECK(turns >= 500 / (2 * limits.a_turn.entries));
  CHECK(it.take_output(late).find("the last") != std::string::npos);
  CHECK(it.queue_of("late").size() == 1);
}

TEST_CASE("what a turn reads back is bounded in bytes, too", "[broker]") {
  ParkingShard it({.sends = limits});
  it.queue_for("late", 100, std::string(5'000, 'x'), 1);
  it.pass(Millis(2000));
  it.connect("late");
  while (it.shard->has_work()) {
    it.records.reads.clear();
    it.turn();
    REQUIRE(it.records.reads.size() <= 6);
    REQUIRE(!it.records.reads.empty());
  }
  CHECK(it.queue_of("late").size() == 0);
}

TEST_CASE("others are served while a queue is given up", "[broker]") {
  ParkingShard it({.sends = limits});
  it.queue_for("late", 5'000, "x", 1);
  it.queue_for("other", 40, "for the other", 0);
  it.pass(Millis(2000));

  it.connect("late");
  it.turn();
  Connection& other = it.connect("other");  // whose window is 20
  constexpr int few = 4;
  for (int turn = 0; turn < few; ++turn) it.turn();
  CHECK(it.queue_of("other").in_flight() == 20);
  for (std::uint16_t id = 1; id <= 20; ++id) it.acknowledge(other, id);
  for (int turn = 0; turn < few; ++turn) it.turn();
  CHECK(it.queue_of("other").in_flight() == 20);
  CHECK(it.queue_of("other").size() == 20);
  CHECK(it.queue_of("late").size() > 4'000);
  it.settle();
  CHECK(it.queue_of("late").size() == 0);
}

TEST_CASE("a client that goes while its queue is given up finds the rest later", "[broker]") {
  ParkingShard it({.sends = limits});
  it.queue_for("late", 300, "x", 1);
  it.queue_for("late", 1, "the last", 0);
  it.pass(Millis(2000));
  it.lose(it.connect("late"));
  it.settle();
  CHECK(it.queue_of("late").size() > 200);
  Connection& again = it.connect("late");
  it.settle();
  CHECK(it.take_output(again).find("the last") != std::string::npos);
}
