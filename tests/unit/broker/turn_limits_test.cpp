// What can be arbitrarily much at once is done in pieces, turn by turn.
#include "lib/broker/turn_limits.h"

#include <array>
#include <catch2/catch.hpp>
#include <string>

#include "lib/broker/dying_queues.h"
#include "lib/mqtt/encode.h"
#include "tests/scenario/shards_under_test.h"
#include "tests/unit/broker/parking_shard.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

SendQueue queue_of(std::size_t count) {
  SendQueue queue;
  for (std::size_t left = count; left > 0; --left) {
    queue.push({.message = MessageRef::make("t", {}, as_bytes("x"), mqtt::Qos::at_least_once, false,
                                            MonoTime::max())});
  }
  return queue;
}

// One shard whose records are committed when the test says so.
struct HeldShard {
  static Shard::Options options(scenario::DelayingSequencer*& sequencer, const TurnLimits& limits) {
    Shard::Options options;
    options.turn = limits;
    options.settings.receive_max = 65'535;
    auto delaying = std::make_unique<scenario::DelayingSequencer>();
    sequencer = delaying.get();
    options.sequencer = std::move(delaying);
    return options;
  }
  explicit HeldShard(const TurnLimits& limits) : shard(options(sequencer, limits)) {
    shard.set_now({MonoTime(std::chrono::seconds(100)), {}});
    std::string bytes;
    mqtt::append(
        bytes, mqtt::Connect{
                   .version = mqtt::Version::v311, .clean_start = true, .client_id = "publisher"});
    publisher = &shard.accept(1);
    shard.receive(*publisher, as_bytes(bytes));
    shard.tick();
    publisher->out.clear();
  }

  // Retained, so that each has a record.
  void publish(std::uint16_t count) {
    for (std::uint16_t left = count; left > 0; --left) {
      std::string bytes;
      mqtt::append(bytes,
                   mqtt::Publish{.qos = mqtt::Qos::at_least_once,
                                 .retain = true,
                                 .topic = "t",
                                 .packet_id = ++last_id,
                                 .payload = as_bytes("x")},
                   mqtt::Version::v311);
      shard.receive(*publisher, as_bytes(bytes));
    }
  }
  // How many PUBACKs there are since the last look; they are in the order of the publishes.
  std::size_t take_answers() {
    constexpr std::size_t puback_bytes = 4;
    std::string bytes;
    std::array<iovec, 64> pieces;
    while (!publisher->out.empty()) {
      const std::size_t count = publisher->out.pieces(pieces);
      std::size_t taken = 0;
      for (std::size_t at = 0; at < count; ++at) {
        bytes.append(static_cast<const char*>(pieces[at].iov_base), pieces[at].iov_len);
        taken += pieces[at].iov_len;
      }
      publisher->out.consume(taken);
    }
    const std::size_t answers = bytes.size() / puback_bytes;
    for (std::size_t at = 0; at < answers; ++at) {
      ++last_answered;
      const auto id = static_cast<unsigned char>(bytes[at * puback_bytes + 3]);
      REQUIRE(id == (last_answered & 0xFFU));
    }
    return answers;
  }

  scenario::DelayingSequencer* sequencer = nullptr;
  Shard shard;
  Connection* publisher = nullptr;
  std::uint16_t last_id = 0;
  unsigned last_answered = 0;
};

}  // namespace

TEST_CASE("queues that nobody has any more are freed in pieces, the first one first", "[broker]") {
  DyingQueues dying(10);
  dying.add(queue_of(4));
  CHECK_FALSE(dying.has_work());
  dying.add(queue_of(20));
  dying.add(queue_of(3));
  CHECK(dying.entry_count() == 17);
  dying.step();
  CHECK(dying.entry_count() == 7);
  dying.step();
  CHECK_FALSE(dying.has_work());
  dying.add(queue_of(9));  // seven have been freed in this turn
  CHECK(dying.entry_count() == 6);
  dying.step();
  CHECK(dying.entry_count() == 0);
}

TEST_CASE("a session with a long queue is gone at once, and its memory in many turns", "[broker]") {
  ParkingShard it({.freed = 10});
  it.queue_for("gone", 500);
  mqtt::PropertyWriter properties;
  properties.number(mqtt::PropertyId::session_expiry_interval, 0);
  std::string bytes;
  mqtt::append(bytes, mqtt::Disconnect{.properties = properties.view()}, mqtt::Version::v5);
  Connection& connection = it.connect("gone");
  it.shard->receive(connection, as_bytes(bytes));
  CHECK(it.shard->find_session("gone") == nullptr);

  it.queue_for("gone", 5);  // another session, which has nothing to do with the queue
  CHECK(it.queue_of("gone").size() == 5);
  std::size_t turns = 0;
  for (; it.shard->has_work() && turns < 1000; ++turns) it.turn();
  CHECK(turns >= 480 / 10);
  CHECK(turns < 100);
  CHECK(it.queue_of("gone").size() == 5);
}

TEST_CASE("records that are committed at once are applied in many turns, in their order",
          "[broker]") {
  HeldShard it({.records = 10});
  it.publish(500);
  it.shard.tick();
  CHECK_FALSE(it.shard.has_work());
  REQUIRE(it.take_answers() == 0);
  it.sequencer->release(500);
  std::size_t answered = 0;
  std::size_t turns = 0;
  for (; turns == 0 || (it.shard.has_work() && turns < 1000); ++turns) {
    it.shard.tick();
    const std::size_t answers = it.take_answers();
    REQUIRE(answers <= 10);
    answered += answers;
  }
  CHECK(answered == 500);
  CHECK(turns >= 50);
}

TEST_CASE("what waits to be applied does not grow, however much comes in a turn", "[broker]") {
  HeldShard it({.records = 10});
  it.publish(200);
  it.sequencer->release(200);
  std::size_t waiting = 200;
  for (int turn = 0; turn < 30 && waiting > 0; ++turn) {
    it.publish(50);
    it.shard.tick();
    const std::size_t left = waiting + 50 - it.take_answers();
    it.sequencer->release(left);
    CHECK((left < waiting || waiting <= 50));
    waiting = left;
  }
  CHECK(waiting <= 50);
}
