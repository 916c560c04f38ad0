#include "lib/broker/message.h"

#include <catch2/catch.hpp>

using namespace mqz;
using namespace mqz::broker;

TEST_CASE("a message keeps the parts of its PUBLISH in a block of its own", "[broker]") {
  std::string topic = "a/b";
  std::string payload = "payload";
  mqtt::Publish publish;
  publish.topic = topic;
  publish.payload = as_bytes(payload);
  publish.qos = mqtt::Qos::exactly_once;
  publish.retain = true;
  const MessageRef message = MessageRef::copy_of(publish, MonoTime{});
  topic = payload = "gone";
  const MessageRef same = message;
  CHECK(same->topic() == "a/b");
  CHECK(as_text(same->payload()) == "payload");
  CHECK(same->properties().empty());
  CHECK(same->qos() == mqtt::Qos::exactly_once);
  CHECK(same->retain());
  CHECK_FALSE(same->expires());
  CHECK(same == message);
}

TEST_CASE(
    "a message leaves out what belongs to one connection and turns its expiry into a deadline",
    "[broker]") {
  mqtt::PropertyWriter all;
  all.pair("k", "1");
  all.number(mqtt::PropertyId::topic_alias, 3);
  all.number(mqtt::PropertyId::message_expiry_interval, 5);
  all.text(mqtt::PropertyId::content_type, "text");
  all.number(mqtt::PropertyId::subscription_identifier, 300);
  all.pair("k", "2");
  mqtt::PropertyWriter kept;
  kept.pair("k", "1");
  kept.text(mqtt::PropertyId::content_type, "text");
  kept.pair("k", "2");

  mqtt::Publish publish;
  publish.topic = "t";
  publish.properties = all.view();
  const MonoTime now{Millis{1'000}};
  const MessageRef message = MessageRef::copy_of(publish, now);
  CHECK(as_text(message->properties().bytes()) == as_text(kept.view().bytes()));
  CHECK(message->expires() == now + Millis{5'000});
  CHECK_FALSE(message->has_expired(now + Millis{4'999}));
  CHECK(message->has_expired(now + Millis{5'000}));
}
