#include "commands/message_json.h"

#include <catch2/catch.hpp>
#include <string>

using namespace mqz;
using namespace mqz::commands;

namespace {

std::string written(const mqtt::Publish& message, JsonForm form = JsonForm::full,
                    bool pretty = false) {
  std::string to;
  CHECK(append_json(to, {message, {}}, form, pretty));
  const std::size_t topic = to.find("\"topic\"");
  REQUIRE(topic != std::string::npos);
  return to.substr(topic);  // the time before it depends on the local zone
}

mqtt::Publish message_of(std::string_view payload) {
  mqtt::Publish message;
  message.topic = "a/b";
  message.payload = as_bytes(payload);
  return message;
}

}  // namespace

TEST_CASE("a message is written with its encoding", "[json]") {
  CHECK(written(message_of("a\"\\\n\x01")) ==
        R"("topic":"a/b","qos":0,"retain":0,"payloadlen":5,"encoding":"utf8",)"
        R"("payload":"a\"\\\n\u0001"})");
  CHECK(written(message_of(std::string_view("\0\xff", 2))) ==
        R"("topic":"a/b","qos":0,"retain":0,"payloadlen":2,"encoding":"base64","payload":"AP8="})");
}

TEST_CASE("mosquitto_sub's form has its fields, and loses no binary payload", "[json]") {
  CHECK(written(message_of("hi"), JsonForm::quoted) ==
        R"("topic":"a/b","qos":0,"retain":0,"payloadlen":2,"payload":"hi"})");
  CHECK(written(message_of(""), JsonForm::quoted) ==
        R"("topic":"a/b","qos":0,"retain":0,"payloadlen":0,"payload":null})");
  CHECK(written(message_of("\xff"), JsonForm::quoted) ==
        R"("topic":"a/b","qos":0,"retain":0,"payloadlen":1,"encoding":"base64","payload":"/w=="})");
}

TEST_CASE("JSON payloads are embedded, alone and over several lines", "[json]") {
  CHECK(written(message_of(R"({"x": [1, "y"]})"), JsonForm::embedded) ==
        R"("topic":"a/b","qos":0,"retain":0,"payloadlen":15,"payload":{"x":[1,"y"]}})");
  CHECK_THAT(written(message_of(R"({"x":1})"), JsonForm::embedded, true),
             Catch::Contains("\n\t\"payload\":\t{\n\t\t\"x\": 1\n\t}\n}"));
}

TEST_CASE("what was written is read back without loss, whatever the bytes", "[json]") {
  std::string payload;
  for (int i = 0; i < 256; ++i) {
    mqtt::PropertyWriter properties;
    properties.number(mqtt::PropertyId::message_expiry_interval, 4'294'967'295);
    properties.text(mqtt::PropertyId::content_type, "t");
    properties.text(mqtt::PropertyId::correlation_data, payload);
    properties.pair("k", "v");
    properties.pair(i % 2 == 0 ? "k" : "l", "w");
    mqtt::Publish message = message_of(payload);
    message.qos = static_cast<mqtt::Qos>(i % 3);
    message.retain = i % 2 == 0;
    message.properties = properties.view();
    std::string line;
    REQUIRE(append_json(line, {message, {}}, JsonForm::full, false));
    const auto read = read_json_message(line);
    REQUIRE(read);
    CHECK(read->topic == "a/b");
    CHECK(read->payload == payload);
    CHECK(read->qos == message.qos);
    CHECK(read->retain == message.retain);
    for (const mqtt::Property& property : message.properties) {
      INFO(static_cast<int>(property.id));
      CHECK(read->properties.view().has(property.id));
    }
    CHECK(read->properties.view().bytes().size() == message.properties.bytes().size());
    payload.push_back(static_cast<char>(i));
  }
}

TEST_CASE("a line may leave out all but its payload, and say that in several ways", "[json]") {
  const auto empty = read_json_message(R"({"payload":null})");
  REQUIRE(empty);
  CHECK_FALSE(empty->topic);
  CHECK_FALSE(empty->qos);
  CHECK(empty->payload.empty());
  CHECK(read_json_message(R"({"payload_b64":"aGk="})")->payload == "hi");
  CHECK(read_json_message(R"({"payload":{"b":1,"a":2}})")->payload == R"({"b":1,"a":2})");
  CHECK(read_json_message(R"({"payload":null,"tst":"x","mid":3})")->payload.empty());
  CHECK(read_json_message(R"({"retain":true,"payload":""})")->retain == true);
  // A slip of the pen must not delete a retained message.
  CHECK(read_json_message("{}").error() == "has no payload");
  CHECK(read_json_message(R"({"paylod":"x","retain":true})").error() ==
        "has an unknown \"paylod\"; did you mean 'payload'?");
}

TEST_CASE("what cannot be sent is refused with a reason", "[json]") {
  const std::pair<const char*, const char*> rows[] = {
      {"", "is not JSON"},
      {"nonsense", "is not JSON"},
      {"[]", "is not a JSON object"},
      {R"({"topic":"a/#"})", "has a topic that is none"},
      {R"({"topic":7})", "has a topic that is none"},
      {R"({"qos":3})", "has a qos that is not 0, 1 or 2"},
      {R"({"qos":"1"})", "has a qos that is not 0, 1 or 2"},
      {R"({"retain":2})", "has a retain that is neither true, false, 0 nor 1"},
      {R"({"payload":"a","encoding":"rot13"})", "has an unknown encoding"},
      {R"({"payload":"a","encoding":"base64"})", "has a payload that is not base64"},
      {R"({"payload_b64":"a"})", "has a payload_b64 that is not base64"},
      {R"({"properties":[]})", "has properties that are not an object"},
      {R"({"properties":{"colour":"red"}})", "has an unknown property \"colour\""},
      {R"({"properties":{"receive-maximum":1}})", "has properties that a PUBLISH cannot have"},
      {R"({"properties":{"content-type":1}})", "has a value for \"content-type\""},
      {R"({"properties":{"message-expiry-interval":-1}})", "has a value for"},
      {R"({"properties":{"user-properties":["a"]}})", "has user-properties"},
  };
  for (const auto& [line, why] : rows) {
    INFO(line);
    const auto read = read_json_message(line);
    REQUIRE_FALSE(read);
    CHECK_THAT(read.error(), Catch::StartsWith(why));
  }
  CHECK(read_json_message(std::string(100'000, '[')).error() == "is nested too deeply");
}
