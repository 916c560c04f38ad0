// Messages of long queues, written again so that their segments can go.
#include "lib/broker/shard_moving.h"

#include <catch2/catch.hpp>
#include <set>

#include "tests/unit/broker/parking_shard.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

void begin_session(ParkingShard& it, const std::string& client_id, const std::string& filter) {
  Connection& client = it.connect(client_id);
  it.subscribe(client, filter);
  it.lose(client);
}

std::vector<std::uint32_t> all_segments(const ParkingShard& it) {
  const std::uint64_t last = it.records.committed.size() / ParkedRecords::in_segment;
  std::vector<std::uint32_t> segments;
  for (std::uint32_t ordinal = 1; ordinal <= last; ++ordinal) segments.push_back(ordinal);
  return segments;
}

std::vector<const MovedRecord*> moved_of(const ParkedRecords& records) {
  std::vector<const MovedRecord*> moved;
  for (const Record& record : records.committed) {
    if (const auto* one = std::get_if<MovedRecord>(&record.what)) moved.push_back(one);
  }
  return moved;
}

// How many entries of the session's queue are in one of these segments?
std::size_t left_in(const ParkingShard& it, const std::string& client_id,
                    const std::vector<std::uint32_t>& segments) {
  const SendQueue& queue = it.queue_of(client_id);
  std::size_t left = 0;
  for (std::uint64_t at = queue.begin_position(); at < queue.end_position(); ++at) {
    const QueuedMessage& message = queue.at(at).message;
    left +=
        message.is_parked() && std::ranges::binary_search(segments, message.place().at(0).segment);
  }
  return left;
}

}  // namespace

TEST_CASE("a message of many queues is moved once, though each turn moves little", "[broker]") {
  ParkingShard it;
  for (const char* client_id : {"one", "two", "three"}) begin_session(it, client_id, "all/+");
  begin_session(it, "fourth", "all/even");
  Connection& publisher = it.connect("publisher");
  const std::string payload(2'000, 'x');
  for (int count = 0; count < 500; ++count)
    it.publish(publisher, count % 2 == 0 ? "all/even" : "all/odd", payload);

  const auto segments = all_segments(it);
  REQUIRE(left_in(it, "one", segments) > 300);
  std::set<storage::Address> addresses;
  for (const Record& record : it.records.committed) {
    if (std::holds_alternative<PublishRecord>(record.what) &&
        record.place.at(0).segment <= segments.back())
      addresses.insert(record.place.at(0));
  }
  it.shard->empty_segments(segments);
  std::size_t turns = 0;
  for (; it.shard->has_work() && turns < 1000; ++turns) {
    it.records.reads.clear();
    it.turn();
    CHECK(it.records.reads.size() * payload.size() <= std::size_t{132} << 10U);
  }
  it.turn();  // what was proposed last is applied
  CHECK(turns > 5);
  CHECK(moved_of(it.records).size() == addresses.size());
  for (const char* client_id : {"one", "two", "three", "fourth"})
    CHECK(left_in(it, client_id, segments) == 0);
}

TEST_CASE("what is delivered while segments are emptied is not moved", "[broker]") {
  ParkingShard it;
  begin_session(it, "one", "t");
  begin_session(it, "two", "t");
  Connection& publisher = it.connect("publisher");
  for (int count = 0; count < 400; ++count) it.publish(publisher, "t", std::string(2'000, 'x'));
  const auto segments = all_segments(it);
  it.shard->empty_segments(segments);
  it.turn();
  it.turn();
  const std::size_t moved_before = moved_of(it.records).size();
  REQUIRE(moved_before > 0);
  REQUIRE(moved_before < 100);
  for (const char* client_id : {"one", "two"}) {
    Connection& client = it.connect(client_id);
    while (!it.queue_of(client_id).empty())
      it.acknowledge(client, SendQueue::packet_id(it.queue_of(client_id).begin_position()));
  }
  it.settle();
  CHECK(moved_of(it.records).size() < 200);
}

TEST_CASE("a damaged message stays where it is while the others are moved", "[broker]") {
  ParkingShard it;
  it.queue_for("away", 300, std::string(2'000, 'x'));
  const auto segments = all_segments(it);
  const std::size_t before = left_in(it, "away", segments);
  REQUIRE(before > 100);
  const SendQueue& queue = it.queue_of("away");
  const auto damaged = queue.at(queue.begin_position() + 20).message.place().at(0);
  it.records.unread[damaged] = {{ErrorCode::corrupt, "damaged"}};
  it.shard->empty_segments(segments);
  it.settle();
  it.turn();  // what was proposed last is applied
  CHECK(left_in(it, "away", segments) == 1);
  CHECK(queue.at(queue.begin_position() + 20).message.place().at(0) == damaged);
  CHECK(moved_of(it.records).size() == before - 1);
}

TEST_CASE("a disk that fails is asked once when segments are to be emptied", "[broker]") {
  ParkingShard it;
  it.queue_for("away", 300, std::string(2'000, 'x'));
  const auto segments = all_segments(it);
  const std::size_t before = left_in(it, "away", segments);
  for (const auto& [address, message] : it.records.messages)
    it.records.unread[address] = {{ErrorCode::io, "failed"}};
  it.shard->empty_segments(segments);
  it.settle();
  CHECK(it.records.reads.size() == 1);
  CHECK(left_in(it, "away", segments) == before);
  it.records.unread.clear();
  it.shard->empty_segments(segments);
  it.settle();
  it.turn();
  CHECK(left_in(it, "away", segments) == 0);
}

TEST_CASE("a long queue is looked through in many turns", "[broker]") {
  ParkingShard it;
  it.queue_for("away", 25'000);
  it.shard->empty_segments({100'000});
  std::size_t turns = 0;
  for (; it.shard->has_work() && turns < 100; ++turns) it.turn();
  CHECK(turns >= 3);
  CHECK(turns < 10);
  CHECK(it.records.reads.empty());
}
