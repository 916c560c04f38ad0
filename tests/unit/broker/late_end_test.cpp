// A session's end is a record: what happens between its proposal and its place may make it void.
#include <catch2/catch.hpp>
#include <string>

#include "lib/broker/shard.h"
#include "lib/mqtt/encode.h"
#include "tests/scenario/shards_under_test.h"

using namespace mqz;
using broker::Shard;

namespace {

struct LateShard {
  scenario::DelayingSequencer* sequencer = nullptr;
  Shard shard;
  Now now{MonoTime(std::chrono::seconds(100)), {}};

  static Shard::Options options(scenario::DelayingSequencer*& sequencer) {
    Shard::Options options;
    auto delaying = std::make_unique<scenario::DelayingSequencer>();
    sequencer = delaying.get();
    options.sequencer = std::move(delaying);
    return options;
  }
  LateShard() : shard(options(sequencer)) { shard.set_now(now); }

  broker::Connection& connect(int transport) {
    mqtt::PropertyWriter properties;
    properties.number(mqtt::PropertyId::session_expiry_interval, 1);
    mqtt::Connect packet;
    packet.client_id = "me";
    packet.properties = properties.view();
    std::string bytes;
    mqtt::append(bytes, packet);
    broker::Connection& connection = shard.accept(transport);
    shard.receive(connection, as_bytes(bytes));
    return connection;
  }
  void lose(broker::Connection& connection) {
    shard.lost(connection);
    shard.release(connection);
  }
  void pass(Millis time) {
    now.mono += time;
    shard.set_now(now);
    shard.tick();
  }
  void commit() {
    while (sequencer->release(1)) shard.tick();
  }
};

}  // namespace

TEST_CASE("the end of a session is void when its client came back before it was committed") {
  LateShard late;
  broker::Connection& first = late.connect(1);
  late.commit();
  REQUIRE(first.state == broker::ConnectionState::open);
  late.lose(first);
  late.commit();
  broker::Connection& second = late.connect(2);
  late.pass(Millis(1000));
  late.commit();
  CHECK(second.state == broker::ConnectionState::open);
  CHECK(second.session != nullptr);
  CHECK(late.shard.session_count() == 1);
}

TEST_CASE("a session ends once though its end was committed after it had gone") {
  LateShard late;
  broker::Connection& first = late.connect(1);
  late.commit();
  late.lose(first);
  late.commit();
  late.pass(Millis(1000));
  mqtt::Connect clean;
  clean.client_id = "me";
  clean.clean_start = true;
  std::string bytes;
  mqtt::append(bytes, clean);
  broker::Connection& second = late.shard.accept(2);
  late.shard.receive(second, as_bytes(bytes));
  late.commit();
  CHECK(second.state == broker::ConnectionState::open);
  CHECK(late.shard.session_count() == 1);
}
