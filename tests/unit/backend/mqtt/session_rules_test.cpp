// What the specifications ask of a client, one rule per test.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "tests/unit/backend/mqtt/session_world.h"

using namespace mqz;
using namespace mqz::backend;
using namespace mqz::backend::testing;

namespace {

mqtt::Publish incoming(Qos qos, std::uint16_t packet_id) {
  return {false, qos, false, "in", packet_id, {}, as_bytes("x")};
}

std::string one_filter() {
  std::string entries;
  mqtt::append_entry(entries, mqtt::SubscribeEntry{"a", {}});
  return entries;
}

}  // namespace

TEST_CASE("a packet identifier that is in use is not given again", "[client]") {
  ConnectOptions options;
  options.inflight_max = 8;
  World world(options);
  world.connack();
  world.sent();
  std::set<std::string> open;
  for (int round = 0; round < 2000; ++round) {
    while (world.session.has_room()) REQUIRE(world.publish("x", Qos::at_least_once));
    for (const std::string& packet : world.sent()) {
      const std::string id = packet.substr(packet.find(" m") + 2);
      REQUIRE(open.insert(id.substr(0, id.find(' '))).second);
    }
    // The first one stays open all the time, the others end in another order than they began.
    while (open.size() > 1) {
      const auto last = std::prev(open.end());
      world.ack(PacketType::puback, static_cast<std::uint16_t>(std::stoi(*last)));
      open.erase(last);
    }
  }
  const auto request = world.session.subscribe(as_bytes(one_filter()), {});
  REQUIRE(request);
  CHECK(open.count(std::to_string(*request)) == 0);
}

TEST_CASE("before version 5 a client without an identifier asks for a clean session", "[client]") {
  ConnectOptions options;
  options.version = Version::v311;
  options.clean_start = false;
  CHECK(World(options).sent() == Words{"CONNECT 4 clean ''"});
  options.client_id = "me";
  CHECK(World(options).sent() == Words{"CONNECT 4 'me'"});
}

TEST_CASE("after its DISCONNECT a client sends nothing, whatever comes and however long it takes",
          "[client]") {
  World world;
  world.connack();
  REQUIRE(world.publish("x", Qos::at_least_once));
  world.sent();
  world.session.disconnect(Reason::success, {});
  CHECK(world.sent() == Words{"DISCONNECT"});
  std::string bytes;
  mqtt::append(bytes, incoming(Qos::at_least_once, 5), Version::v5);
  mqtt::append(bytes, incoming(Qos::exactly_once, 6), Version::v5);
  static_cast<void>(world.session.receive(as_bytes(bytes), at_s(2)));
  world.session.tick(at_s(1000));
  CHECK_FALSE(world.publish("y", Qos::at_most_once));
  CHECK_FALSE(world.session.subscribe(as_bytes(one_filter()), {}));
  CHECK_FALSE(world.session.unsubscribe(as_bytes(one_filter()), {}));
  CHECK(world.sent().empty());
}

TEST_CASE("a server that found a session though none was asked for is left", "[client]") {
  World clean;
  clean.connack(true);
  REQUIRE(clean.session.ending());
  CHECK(clean.session.ending()->reason == Reason::protocol_error);
  World kept(lasting());
  kept.connack(false);
  kept.reconnect(true);
  CHECK_FALSE(kept.session.ending());
}

TEST_CASE("a full window delays nothing but messages", "[client]") {
  ConnectOptions options;
  options.inflight_max = 1;
  World world(options);
  world.connack();
  REQUIRE(world.publish("x", Qos::exactly_once));
  CHECK_FALSE(world.session.has_room());
  world.sent();
  REQUIRE(world.session.subscribe(as_bytes(one_filter()), {}));
  world.answer(incoming(Qos::at_least_once, 5));
  world.answer(incoming(Qos::exactly_once, 6));
  world.ack(PacketType::pubrel, 6);
  world.ack(PacketType::pubrec, 1);
  world.session.tick(at_s(100));
  CHECK(world.sent() ==
        Words{"SUBSCRIBE", "PUBACK m5", "PUBREC m6", "PUBCOMP m6", "PUBREL m1", "PINGREQ"});
}

TEST_CASE("acknowledgements follow the order of the messages", "[client]") {
  World world;
  world.connack();
  world.sent();
  for (const std::uint16_t id : {std::uint16_t{9}, std::uint16_t{4}, std::uint16_t{7}}) {
    world.answer(incoming(Qos::at_least_once, id));
    world.answer(incoming(Qos::exactly_once, static_cast<std::uint16_t>(id + 100)));
  }
  CHECK(world.sent() ==
        Words{"PUBACK m9", "PUBREC m109", "PUBACK m4", "PUBREC m104", "PUBACK m7", "PUBREC m107"});
}
