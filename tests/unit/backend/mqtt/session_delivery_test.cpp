// Messages both ways: acknowledgements, the window, and what a lost connection leaves open.
#include <tuple>

#include "tests/unit/backend/mqtt/session_world.h"

using namespace mqz;
using namespace mqz::backend;
using namespace mqz::backend::testing;

TEST_CASE("QoS 1 and 2 messages are reported when their last acknowledgement comes", "[client]") {
  World world;
  world.connack();
  world.sent();
  REQUIRE(world.publish("a", Qos::at_least_once));
  REQUIRE(world.publish("b", Qos::exactly_once));
  CHECK(world.sent() == Words{"PUBLISH q1 m1 t=a", "PUBLISH q2 m2 t=b"});
  world.ack(PacketType::pubrec, 2);
  CHECK(world.sent() == Words{"PUBREL m2"});
  world.ack(PacketType::pubcomp, 2);
  world.ack(PacketType::puback, 1, Reason::not_authorized);
  CHECK(world.events.log == Words{"up first", "published 2 0", "published 1 135t"});
  CHECK(world.session.unacknowledged() == 0);
}

TEST_CASE("a PUBREC that refuses ends the message", "[client]") {
  World world;
  world.connack();
  REQUIRE(world.publish("b", Qos::exactly_once));
  world.ack(PacketType::pubrec, 1, Reason::quota_exceeded);
  CHECK(world.events.log.back() == "published 1 151t");
}

TEST_CASE("an acknowledgement of another kind or of nothing completes nothing", "[client]") {
  World world;
  world.connack();
  REQUIRE(world.publish("a", Qos::at_least_once));
  REQUIRE(world.publish("b", Qos::exactly_once));
  world.sent();
  world.ack(PacketType::pubcomp, 1);
  world.ack(PacketType::puback, 2);
  world.ack(PacketType::pubcomp, 2);
  world.ack(PacketType::puback, 77);
  CHECK(world.session.unacknowledged() == 2);
  world.ack(PacketType::pubrec, 77);
  CHECK(world.sent() == Words{"PUBREL m77"});
}

TEST_CASE("the window is the smaller of --max-inflight and Receive Maximum", "[client]") {
  for (const auto& [mine, theirs, expected] : {std::tuple{3U, 9U, 3U}, std::tuple{9U, 2U, 2U}}) {
    ConnectOptions options;
    options.inflight_max = mine;
    World world(options);
    mqtt::PropertyWriter properties;
    properties.number(mqtt::PropertyId::receive_maximum, theirs);
    world.connack(false, properties.view());
    unsigned count = 0;
    while (world.session.has_room() && count < 100) {
      REQUIRE(world.publish("x", Qos::at_least_once));
      ++count;
    }
    CHECK(count == expected);
    world.ack(PacketType::puback, 1);
    CHECK(world.session.has_room());
  }
}

TEST_CASE("a hundred thousand messages are counted, though identifiers repeat", "[client]") {
  ConnectOptions options;
  options.inflight_max = 50;
  World world(options);
  world.connack();
  std::uint64_t published = 0;
  std::uint64_t acknowledged = 0;
  while (acknowledged < 100'000) {
    while (published < 100'000 && world.session.has_room()) {
      REQUIRE(world.publish("x", Qos::at_least_once) == ++published);
    }
    std::string acks;
    Bytes rest = world.session.outbox().pending();
    while (!rest.empty()) {
      const auto next = mqtt::next_frame(rest);
      rest = rest.subspan(next.frame.bytes);
      if (next.frame.type != PacketType::publish) continue;
      mqtt::append(
          acks,
          mqtt::Ack{PacketType::puback, decode_publish(next.frame, Version::v5)->packet_id, {}, {}},
          Version::v5);
      ++acknowledged;
    }
    world.session.outbox().consume(world.session.outbox().size());
    world.receive(as_bytes(acks));
  }
  CHECK(world.events.log.size() == 100'001);
  CHECK(world.session.unacknowledged() == 0);
}

TEST_CASE("with the session kept, what is open is sent again in order with DUP", "[client]") {
  World world(lasting());
  world.connack();
  REQUIRE(world.publish("a", Qos::at_least_once));
  REQUIRE(world.publish("b", Qos::exactly_once));
  REQUIRE(world.publish("c", Qos::exactly_once));
  REQUIRE(world.publish("d", Qos::at_least_once));
  world.ack(PacketType::puback, 1);
  REQUIRE(world.publish("e", Qos::at_least_once));
  world.ack(PacketType::pubrec, 2);
  world.reconnect(true);
  CHECK(world.sent() == Words{"PUBREL m2", "PUBLISH q2 m3 dup t=c", "PUBLISH q1 m4 dup t=d",
                              "PUBLISH q1 m1 dup t=e"});
  world.ack(PacketType::pubcomp, 2, Reason::packet_identifier_not_found);
  CHECK(world.events.log.back() == "published 2 0");
}

TEST_CASE("without the session, everything open is published anew", "[client]") {
  World world;
  world.connack();
  REQUIRE(world.publish("a", Qos::at_least_once));
  REQUIRE(world.publish("b", Qos::exactly_once));
  world.ack(PacketType::pubrec, 2);
  world.reconnect(false);
  CHECK(world.sent() == Words{"PUBLISH q1 m1 t=a", "PUBLISH q2 m2 t=b"});
  world.ack(PacketType::pubrec, 2);
  CHECK(world.sent() == Words{"PUBREL m2"});
  world.ack(PacketType::pubcomp, 2);
  world.ack(PacketType::puback, 1);
  CHECK(world.session.unacknowledged() == 0);
}

TEST_CASE("sending again keeps to a smaller window", "[client]") {
  World world;
  world.connack();
  for (int i = 0; i < 4; ++i) REQUIRE(world.publish("x", Qos::at_least_once));
  world.session.close(MqttSession::ClosedBy::peer);
  world.session.open("here:1883", at_s(2));
  world.sent();
  mqtt::PropertyWriter properties;
  properties.number(mqtt::PropertyId::receive_maximum, 2);
  world.connack(false, properties.view());
  CHECK(world.sent().size() == 2);
  CHECK_FALSE(world.session.has_room());
  world.ack(PacketType::puback, 1);
  CHECK(world.sent() == Words{"PUBLISH q1 m3 t=x"});
}

TEST_CASE("identifiers that an older session may hold are freed before QoS 2 uses them",
          "[client]") {
  ConnectOptions options;
  options.client_id = "me";
  options.clean_start = false;
  World world(options);
  world.connack(true);
  world.sent();
  REQUIRE(world.publish("a", Qos::exactly_once));
  CHECK(world.sent() == Words{"PUBREL m1", "PUBLISH q2 m1 t=a"});
  world.ack(PacketType::pubcomp, 1);
  CHECK(world.session.unacknowledged() == 1);
  world.ack(PacketType::pubrec, 1);
  world.ack(PacketType::pubcomp, 1);
  CHECK(world.session.unacknowledged() == 0);
  world.sent();
  REQUIRE(world.publish("b", Qos::exactly_once));
  CHECK(world.sent() == Words{"PUBLISH q2 m1 t=b"});
}

TEST_CASE("incoming messages are acknowledged after they were taken", "[client]") {
  World world;
  world.connack();
  world.sent();
  world.events.accept_at_most = 3;
  mqtt::Publish message{false, Qos::at_most_once, false, "in", 0, {}, as_bytes("0")};
  world.answer(message);
  message = {false, Qos::at_least_once, false, "in", 5, {}, as_bytes("1")};
  world.answer(message);
  message = {false, Qos::exactly_once, false, "in", 6, {}, as_bytes("2")};
  world.answer(message);
  message.dup = true;
  world.answer(message);
  CHECK(world.sent() == Words{"PUBACK m5", "PUBREC m6", "PUBREC m6"});
  world.ack(PacketType::pubrel, 6);
  CHECK(world.sent() == Words{"PUBCOMP m6"});
  CHECK(world.events.log == Words{"up first", "message in=0", "message in=1", "message in=2"});

  message = {false, Qos::at_least_once, false, "in", 7, {}, as_bytes("3")};
  world.answer(message);
  CHECK(world.session.is_deaf());
  CHECK(world.sent().empty());
}

TEST_CASE("QoS 2 identifiers are forgotten with the session, and kept with it", "[client]") {
  for (const bool kept : {true, false}) {
    World world(lasting());
    world.connack();
    world.answer(mqtt::Publish{false, Qos::exactly_once, false, "in", 6, {}, as_bytes("2")});
    world.reconnect(kept);
    world.answer(mqtt::Publish{true, Qos::exactly_once, false, "in", 6, {}, as_bytes("2")});
    CHECK(world.events.log.size() == (kept ? 3U : 4U));
  }
}

TEST_CASE("what the server does not allow is refused before it is sent", "[client]") {
  World world;
  mqtt::PropertyWriter properties;
  properties.number(mqtt::PropertyId::maximum_qos, 1);
  properties.number(mqtt::PropertyId::retain_available, 0);
  properties.number(mqtt::PropertyId::maximum_packet_size, 20);
  world.connack(false, properties.view());
  CHECK_THAT(world.publish("x", Qos::exactly_once).error().text, Catch::Contains("QoS 1"));
  CHECK_THAT(world.publish("a payload too long", Qos::at_most_once).error().text,
             Catch::Contains("allows 20"));
  mqtt::Publish retained{false, Qos::at_most_once, true, "t", 0, {}, {}};
  CHECK_THAT(world.session.publish(retained).error().text, Catch::Contains("retain"));
}
