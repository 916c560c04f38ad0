// Long queues of which nothing is to be sent any more, and what a turn does of them.
#include "lib/broker/shard_sending.h"

#include <catch2/catch.hpp>

#include "tests/unit/broker/parking_shard.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

constexpr SendLimits limits{.at_once = {10, 10'000}, .a_turn = {30, 30'000}};

// For a client that is away, subscribed to its own id.
void begin_session(ParkingShard& it, const std::string& client_id) {
  Connection& subscriber = it.connect(client_id);
  it.subscribe(subscriber, client_id);
  it.lose(subscriber);
}

void queue_for(ParkingShard& it, const std::string& client_id, std::size_t count,
               std::uint32_t expiry_s, const std::string& payload = "x") {
  if (it.shard->find_session(client_id) == nullptr) begin_session(it, client_id);
  Connection& publisher = it.connect("publisher");
  for (std::size_t left = count; left > 0; --left)
    it.publish(publisher, client_id, payload, expiry_s);
  it.lose(publisher);
}

std::size_t left_for(const ParkingShard& it, const char* client_id) {
  return it.shard->find_session(client_id)->send.size();
}

}  // namespace

TEST_CASE("a queue that has expired is given up in many turns", "[broker]") {
  ParkingShard it(limits);
  queue_for(it, "late", 500, 1);
  queue_for(it, "late", 1, 0, "the last");
  it.pass(Millis(2000));
  CHECK(it.records.reads.empty());

  Connection& late = it.connect("late");
  CHECK(it.records.reads.size() == limits.at_once.entries);
  std::size_t turns = 0;
  for (; it.shard->has_work() && turns < 1000; ++turns) {
    it.records.reads.clear();
    it.turn();
    CHECK(it.records.reads.size() <= limits.a_turn.entries);
  }
  CHECK(turns >= 500 / limits.a_turn.entries);
  CHECK(it.take_output(late).find("the last") != std::string::npos);
  CHECK(left_for(it, "late") == 1);
}

TEST_CASE("what a turn reads back is bounded in bytes, too", "[broker]") {
  ParkingShard it(limits);
  queue_for(it, "late", 100, 1, std::string(5'000, 'x'));
  it.pass(Millis(2000));
  it.connect("late");
  while (it.shard->has_work()) {
    it.records.reads.clear();
    it.turn();
    REQUIRE(it.records.reads.size() <= 6);
    REQUIRE(!it.records.reads.empty());
  }
  CHECK(left_for(it, "late") == 0);
}

TEST_CASE("others are served while a queue is given up", "[broker]") {
  ParkingShard it(limits);
  queue_for(it, "late", 5'000, 1);
  queue_for(it, "other", 40, 0, "for the other");
  it.pass(Millis(2000));

  it.connect("late");
  it.turn();
  Connection& other = it.connect("other");  // whose window is 20
  it.turn();
  CHECK(it.shard->find_session("other")->send.in_flight() == 20);
  for (std::uint16_t id = 1; id <= 20; ++id) it.acknowledge(other, id);
  it.turn();
  CHECK(it.shard->find_session("other")->send.in_flight() == 20);
  CHECK(left_for(it, "other") == 20);
  CHECK(left_for(it, "late") > 4'000);
  it.settle();
  CHECK(left_for(it, "late") == 0);
}

TEST_CASE("a client that goes while its queue is given up finds the rest later", "[broker]") {
  ParkingShard it(limits);
  queue_for(it, "late", 300, 1);
  queue_for(it, "late", 1, 0, "the last");
  it.pass(Millis(2000));
  it.lose(it.connect("late"));
  it.settle();
  CHECK(left_for(it, "late") > 200);
  Connection& again = it.connect("late");
  it.settle();
  CHECK(it.take_output(again).find("the last") != std::string::npos);
}
