// Connections, versions, time and what servers may not do.
#include "tests/unit/backend/mqtt/session_world.h"

using namespace mqz;
using namespace mqz::backend;
using namespace mqz::backend::testing;

TEST_CASE("a session connects, and accepts messages only then", "[client]") {
  World world;
  CHECK(world.sent() == Words{"CONNECT 5 clean ''"});
  CHECK_FALSE(world.session.has_room());
  CHECK_FALSE(world.publish("x", Qos::at_most_once));
  world.connack();
  CHECK(world.session.has_room());
  CHECK(world.publish("x", Qos::at_most_once) == 1U);
  CHECK(world.sent() == Words{"PUBLISH q0 m0 t=x"});
  CHECK(world.events.log == Words{"up first"});
}

TEST_CASE("a server that does not speak 5 is tried with 3.1.1, unless the version is pinned",
          "[client]") {
  const std::string old_refusal("\x20\x02\x00\x01", 4);
  World world;
  world.receive(as_bytes(old_refusal));
  REQUIRE(world.session.ending());
  CHECK(world.session.ending()->kind == Ending::Kind::again_at_once);
  world.session.close(MqttSession::ClosedBy::peer);
  world.version = Version::v311;
  world.session.open("here", at_s(0));
  CHECK(world.sent() == Words{"CONNECT 4 clean ''"});
  world.answer(mqtt::Connack{});
  CHECK(world.session.is_connected());

  ConnectOptions pinned;
  pinned.version_pinned = true;
  World strict(pinned);
  strict.receive(as_bytes(old_refusal));
  CHECK(strict.session.ending()->kind == Ending::Kind::refused);
  CHECK(strict.session.ending()->reason == Reason::unsupported_protocol_version);
}

TEST_CASE("a connection closed before any CONNACK is tried once with 3.1.1", "[client]") {
  World world;
  world.session.close(MqttSession::ClosedBy::peer);
  REQUIRE(world.session.ending());
  CHECK(world.session.ending()->kind == Ending::Kind::again_at_once);
  world.session.open("here", at_s(0));
  world.session.close(MqttSession::ClosedBy::peer);
  CHECK_FALSE(world.session.ending());
}

TEST_CASE("a refusal carries its reason, and whether it may pass", "[client]") {
  World busy;
  busy.answer(mqtt::Connack{false, Reason::server_busy, {}});
  CHECK(busy.session.ending()->kind == Ending::Kind::refused);
  CHECK(busy.session.ending()->may_retry);
  World denied;
  denied.answer(mqtt::Connack{false, Reason::not_authorized, {}});
  CHECK_FALSE(denied.session.ending()->may_retry);
}

TEST_CASE("an idle session pings at its keep-alive and gives up when nothing comes back",
          "[client]") {
  World world;
  world.connack();
  world.sent();
  CHECK(world.session.deadline() == at_s(60));
  world.session.tick(at_s(59));
  CHECK(world.sent().empty());
  world.session.tick(at_s(60));
  CHECK(world.sent() == Words{"PINGREQ"});
  world.session.tick(at_s(119));
  CHECK_FALSE(world.session.ending());
  world.session.tick(at_s(120));
  REQUIRE(world.session.ending());
  CHECK(world.session.ending()->may_retry);
}

TEST_CASE("while nothing is read, a session goes on pinging and misses no answer", "[client]") {
  World world;
  world.connack();
  world.sent();
  for (const int seconds : {60, 120, 180}) {
    world.session.tick(at_s(seconds), false);
    CHECK(world.sent() == Words{"PINGREQ"});
  }
  CHECK_FALSE(world.session.ending());
  world.session.tick(at_s(181), true);
  CHECK_FALSE(world.session.ending());
}

TEST_CASE("the server's keep-alive wins", "[client]") {
  World world;
  mqtt::PropertyWriter properties;
  properties.number(mqtt::PropertyId::server_keep_alive, 5);
  world.connack(false, properties.view());
  CHECK(world.session.deadline() == at_s(5));
}

TEST_CASE("a session with an expiry is found again: no second clean start", "[client]") {
  ConnectOptions options;
  options.properties.number(mqtt::PropertyId::session_expiry_interval, 60);
  World world(options);
  mqtt::PropertyWriter properties;
  properties.text(mqtt::PropertyId::assigned_client_identifier, "auto-1");
  world.connack(false, properties.view());
  world.sent();
  world.session.close(MqttSession::ClosedBy::peer);
  world.session.open("here", at_s(1));
  CHECK(world.sent() == Words{"CONNECT 5 'auto-1'"});
}

TEST_CASE("topic aliases of the server are resolved, unknown ones end the connection", "[client]") {
  ConnectOptions options;
  options.properties.number(mqtt::PropertyId::topic_alias_maximum, 2);
  World world(options);
  world.connack();
  mqtt::PropertyWriter alias;
  alias.number(mqtt::PropertyId::topic_alias, 1);
  world.answer(mqtt::Publish{false, {}, false, "long/topic", 0, alias.view(), as_bytes("1")});
  world.answer(mqtt::Publish{false, {}, false, "", 0, alias.view(), as_bytes("2")});
  CHECK(world.events.log == Words{"up first", "message long/topic=1", "message long/topic=2"});
  mqtt::PropertyWriter unknown;
  unknown.number(mqtt::PropertyId::topic_alias, 2);
  world.answer(mqtt::Publish{false, {}, false, "", 0, unknown.view(), {}});
  CHECK(world.session.ending()->reason == Reason::topic_alias_invalid);
}

TEST_CASE("subscribing and unsubscribing get their answers by number", "[client]") {
  World world;
  world.connack();
  std::string entries;
  mqtt::append_entry(entries, mqtt::SubscribeEntry{"a/#", {}});
  const auto first = world.session.subscribe(as_bytes(entries), {});
  const auto second = world.session.subscribe(as_bytes(entries), {});
  REQUIRE(first);
  REQUIRE(second);
  CHECK(*first != *second);
  const std::string granted("\x01", 1);
  world.answer(mqtt::SubscribeAck{PacketType::suback, *first, {}, as_bytes(granted)});
  CHECK(world.events.log.back() == "subscribed 1");
  world.answer(mqtt::SubscribeAck{PacketType::suback, *first, {}, as_bytes(granted)});
  CHECK(world.session.ending()->kind == Ending::Kind::broken);
}

TEST_CASE("a server's DISCONNECT ends the connection with its reason", "[client]") {
  World world;
  world.connack();
  world.answer(mqtt::Disconnect{Reason::server_shutting_down, {}});
  CHECK(world.session.ending()->kind == Ending::Kind::dismissed);
  CHECK(world.session.ending()->may_retry);
}

TEST_CASE("what no server may send, and what is not MQTT, breaks the connection", "[client]") {
  World early;
  early.receive(as_bytes(std::string("\xd0\x00", 2)));
  CHECK(early.session.ending()->kind == Ending::Kind::broken);
  World request;
  request.connack();
  request.receive(as_bytes(std::string("\xc0\x00", 2)));
  CHECK(request.session.ending()->reason == Reason::protocol_error);
  World http;
  const std::string noise = "HTTP/1.1 400 Bad Request\r\n";
  http.session.receive(as_bytes(noise), at_s(0));
  CHECK(http.session.ending()->kind == Ending::Kind::broken);
}

TEST_CASE("any cut of the server's bytes gives the same events", "[client]") {
  std::string stream;
  mqtt::append(stream, mqtt::Connack{}, Version::v5);
  mqtt::append(stream, mqtt::Publish{false, Qos::at_least_once, false, "a", 1, {}, as_bytes("x")},
               Version::v5);
  mqtt::append(stream, mqtt::Publish{false, Qos::at_most_once, false, "b", 0, {}, as_bytes("y")},
               Version::v5);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    World world;
    const Bytes whole = as_bytes(stream);
    const std::size_t used = world.session.receive(whole.first(cut), at_s(0));
    REQUIRE(used <= cut);
    CHECK(world.session.receive(whole.subspan(used), at_s(0)) == whole.size() - used);
    CHECK(world.events.log == Words{"up first", "message a=x", "message b=y"});
  }
}
