// Messages as JSON objects, one per line: what `mqz sub --json` writes is what `mqz pub --json`
// reads.
//
//   {"tst":"2026-11-20T10:14:17.889086Z","topic":"a/b","qos":1,"retain":0,"payloadlen":5,"mid":1,
//    "properties":{"content-type":"text","user-properties":{"k":"v"}},
//    "encoding":"utf8","payload":"hello"}
//
// A payload that is no UTF-8 text, or has U+0000 in it, is base64 and "encoding" says so; nothing
// is lost. Binary properties that are no text are {"base64":"…"}; user properties with a repeated
// name are a list of pairs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "commands/json_object.h"
#include "commands/received.h"
#include "lib/mqtt/property.h"

namespace mqz::commands {

enum class JsonForm : unsigned char {
  quoted,    // %j: mosquitto_sub's fields; "encoding" only where a payload would be lost without
  embedded,  // %J: the payload is JSON and stands as it is
  full,      // --json
};

// Appends the object without a newline. False, and nothing appended, when `embedded` is asked for a
// payload that is not JSON.
bool append_json(std::string& to, const Received& received, JsonForm form, bool pretty);

// The members from "topic" on of --json's form, into an object that is open in `to`.
void append_message(std::string& to, JsonObject& object, const mqtt::Publish& message);

// JSON nested at most 100 deep, so that no reader runs out of stack: brackets outside strings are
// counted.
bool is_shallow_json(std::string_view text);

// A message to send, read from a line.
struct JsonMessage {
  std::optional<std::string> topic{};
  std::string payload{};
  std::optional<mqtt::Qos> qos{};
  std::optional<bool> retain{};
  mqtt::PropertyWriter properties{};
};

// Members: topic, payload with encoding (or payload_b64), qos, retain, properties. What else --json
// writes is ignored. The error is for the user: "is not JSON", "has a qos of 3".
tl::expected<JsonMessage, std::string> read_json_message(std::string_view line);

}  // namespace mqz::commands
