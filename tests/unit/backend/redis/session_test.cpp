#include "lib/backend/redis/session.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "lib/mqtt/encode.h"

using namespace mqz;
using namespace mqz::backend;

namespace {

struct Recorder : PubSubEvents {
  std::vector<std::string> log{};

  void on_connected(const Connected& c) override { log.push_back(c.first ? "up" : "up again"); }
  bool on_message(const mqtt::Publish& m) override {
    log.push_back(std::string(m.topic) + "=" + std::string(as_text(m.payload)));
    return true;
  }
  void on_published(const Published& p) override {
    log.push_back("published " + std::to_string(p.number) + " " +
                  std::to_string(static_cast<int>(p.reason)) + std::string(p.topic));
  }
  void on_subscribed(std::uint16_t, Bytes reasons) override {
    log.push_back("subscribed " + std::to_string(reasons.size()));
  }
  void on_unsubscribed(std::uint16_t, Bytes) override {}
  void on_waiting(const Error&, Millis) override {}
  void on_ended(const Error*) override {}
};

MonoTime at_s(int seconds) { return MonoTime(std::chrono::seconds(seconds)); }

struct World {
  Recorder events{};
  RedisSession session;
  explicit World(RedisOptions options = {}) : session(std::move(options), events) {
    session.open("here:6379", at_s(0));
  }
  void answer(std::string_view text) {
    CHECK(session.receive(as_bytes(text), at_s(1)) == text.size());
  }
  std::string sent() {
    std::string text(as_text(session.outbox().pending()));
    session.outbox().consume(text.size());
    return text;
  }
  void connect() {
    sent();
    answer("+PONG\r\n");
  }
  Result<std::uint64_t> publish(std::string_view payload, bool retain = false) {
    mqtt::Publish message;
    message.topic = "ch";
    message.retain = retain;
    message.payload = as_bytes(payload);
    return session.publish(message);
  }
};

using Words = std::vector<std::string>;

constexpr const char* publish_x = "*3\r\n$7\r\nPUBLISH\r\n$2\r\nch\r\n$1\r\nx\r\n";

}  // namespace

TEST_CASE("a Redis session is up when its greeting was answered", "[redis]") {
  World world;
  CHECK(world.sent() == "*1\r\n$4\r\nPING\r\n");
  CHECK_FALSE(world.session.has_room());
  world.answer("+PO");
  CHECK(world.events.log.empty());
  world.answer("NG\r\n");
  CHECK(world.events.log == Words{"up"});
}

TEST_CASE("a database is selected before anything else is asked", "[redis]") {
  RedisOptions options;
  options.database = 15;
  World world(options);
  CHECK(world.sent() == "*2\r\n$6\r\nSELECT\r\n$2\r\n15\r\n*1\r\n$4\r\nPING\r\n");
  world.answer("+OK\r\n");
  CHECK(world.events.log.empty());
  world.answer("+PONG\r\n");
  CHECK(world.events.log == Words{"up"});
}

TEST_CASE("a wrong password refuses the connection in the server's words", "[redis]") {
  RedisOptions options;
  options.password = "secret";
  World world(options);
  CHECK(world.sent() == "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n*1\r\n$4\r\nPING\r\n");
  world.answer("-WRONGPASS invalid\r\n");
  REQUIRE(world.session.ending());
  CHECK(world.session.ending()->kind == Ending::Kind::refused);
  CHECK(world.session.ending()->reason == mqtt::Reason::not_authorized);
  CHECK(world.session.ending()->text == "WRONGPASS invalid");
}

TEST_CASE("every PUBLISH is answered in order, and refusals name the channel", "[redis]") {
  World world;
  world.connect();
  CHECK(world.publish("x") == 1U);
  CHECK(world.publish("x") == 2U);
  CHECK(world.publish("x") == 3U);
  CHECK(world.sent() == std::string(publish_x) + publish_x + publish_x);
  CHECK(world.session.unacknowledged() == 3);
  world.answer(":1\r\n:0\r\n-NOPERM no\r\n");
  CHECK(world.events.log == Words{"up", "published 1 0", "published 2 16", "published 3 135ch"});
  CHECK(world.session.unacknowledged() == 0);
}

TEST_CASE("what was not answered is sent again on the next connection", "[redis]") {
  World world;
  world.connect();
  REQUIRE(world.publish("a"));
  REQUIRE(world.publish("x"));
  world.answer(":0\r\n");
  world.session.close(WireSession::ClosedBy::peer);
  world.session.open("here:6379", at_s(2));
  world.connect();
  CHECK(world.sent() == publish_x);
  world.answer(":0\r\n");
  CHECK(world.events.log.back() == "published 2 16");
}

TEST_CASE("channels and patterns are subscribed to, and their messages delivered", "[redis]") {
  World world;
  world.connect();
  std::string entries;
  mqtt::append_entry(entries, mqtt::SubscribeEntry{"one", {}});
  mqtt::append_entry(entries, mqtt::SubscribeEntry{"two*", {}});
  REQUIRE(world.session.subscribe(as_bytes(entries), {}));
  CHECK(world.sent() ==
        "*2\r\n$9\r\nSUBSCRIBE\r\n$3\r\none\r\n*2\r\n$10\r\nPSUBSCRIBE\r\n$4\r\ntwo*\r\n");
  world.answer("*3\r\n$9\r\nsubscribe\r\n$3\r\none\r\n:1\r\n");
  world.answer("*3\r\n$10\r\npsubscribe\r\n$4\r\ntwo*\r\n:2\r\n");
  world.answer("*3\r\n$7\r\nmessage\r\n$3\r\none\r\n$2\r\nhi\r\n");
  world.answer("*4\r\n$8\r\npmessage\r\n$4\r\ntwo*\r\n$4\r\ntwo2\r\n$0\r\n\r\n");
  CHECK(world.events.log == Words{"up", "subscribed 2", "one=hi", "two2="});
}

TEST_CASE("Redis is pinged when idle, in a subscription too, and missed when silent", "[redis]") {
  World world;
  world.connect();
  world.session.tick(at_s(60));
  CHECK(world.sent() == "*1\r\n$4\r\nPING\r\n");
  world.answer("*2\r\n$4\r\npong\r\n$0\r\n\r\n");
  CHECK_FALSE(world.session.ending());
  world.session.tick(at_s(120));
  world.session.tick(at_s(180));
  REQUIRE(world.session.ending());
  CHECK(world.session.ending()->may_retry);
}

TEST_CASE("what Redis cannot do is refused, what is not Redis breaks the connection", "[redis]") {
  World world;
  world.connect();
  CHECK(world.publish("x", true).error().code == ErrorCode::refused);
  world.answer("HTTP/1.1 400\r\n");
  CHECK(world.session.ending()->kind == Ending::Kind::broken);
}
