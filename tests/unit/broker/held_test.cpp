// What clients send while there is no memory for it, or the journal does not get to the disk.
#include <catch2/catch.hpp>

#include "lib/mqtt/encode.h"
#include "tests/unit/broker/parking_shard.h"

using namespace mqz;
using namespace mqz::broker;

TEST_CASE("while the journal is behind nothing is taken that would be recorded", "[broker]") {
  ParkingShard it;
  Connection& client = it.connect("client");
  it.settle();
  it.shard->hold(Held::records);
  const std::size_t before = it.records.committed.size();
  it.subscribe(client, "t");
  it.settle();
  CHECK(client.is_held);
  CHECK(it.records.committed.size() == before);

  Connection& late = it.ask_to_connect("late");
  CHECK(late.state != ConnectionState::open);
  CHECK(it.records.committed.size() == before);

  it.shard->hold(Held::publishes);  // the journal goes on, and there is no memory yet
  it.settle();
  CHECK_FALSE(client.is_held);
  it.shard->hold(Held::nothing);
}

TEST_CASE("without memory subscriptions are still taken", "[broker]") {
  ParkingShard it;
  Connection& client = it.connect("client");
  it.shard->hold(Held::publishes);
  const std::size_t before = it.records.committed.size();
  it.subscribe(client, "t");
  it.settle();
  CHECK(it.records.committed.size() > before);
  it.publish(client, "t", "one");
  CHECK(client.is_held);
  it.shard->hold(Held::nothing);
  CHECK_FALSE(client.is_held);
}
