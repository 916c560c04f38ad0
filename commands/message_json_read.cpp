#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/message_json.h"
#include "commands/suggest.h"
#include "lib/base/base64.h"
#include "lib/mqtt/topic.h"

namespace mqz::commands {
namespace {

using Json = nlohmann::ordered_json;
using Complaint = std::optional<std::string>;
using mqtt::PropertyId;
using mqtt::PropertyKind;

const Json* member(const Json& object, const char* name) {
  const auto at = object.find(name);
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

Complaint read_payload(const Json& object, std::string& payload) {
  if (const Json* coded = member(object, "payload_b64")) {
    if (coded->is_string() && append_from_base64(payload, coded->get_ref<const std::string&>())) {
      return {};
    }
    return "has a payload_b64 that is not base64";
  }
  const Json* value = member(object, "payload");
  if (!object.contains("payload")) return "has no payload";
  if (value == nullptr) return {};
  if (!value->is_string()) {
    payload = value->dump();
    return {};
  }
  const auto& text = value->get_ref<const std::string&>();
  const Json* encoding = member(object, "encoding");
  if (encoding == nullptr || *encoding == "utf8") {
    payload = text;
  } else if (*encoding == "json") {
    payload = value->dump();
  } else if (*encoding != "base64") {
    return "has an unknown encoding; utf8, json and base64 are known";
  } else if (!append_from_base64(payload, text)) {
    return "has a payload that is not base64, though its encoding says so";
  }
  return {};
}

Complaint read_user_properties(const Json& value, mqtt::PropertyWriter& to) {
  const std::string wrong = "has user-properties that are neither an object of texts nor pairs";
  if (value.is_object()) {
    for (const auto& [name, text] : value.items()) {
      if (!text.is_string()) return wrong;
      to.pair(name, text.get_ref<const std::string&>());
    }
    return {};
  }
  if (!value.is_array()) return wrong;
  for (const Json& pair : value) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) {
      return wrong;
    }
    to.pair(pair[0].get_ref<const std::string&>(), pair[1].get_ref<const std::string&>());
  }
  return {};
}

std::optional<std::uint32_t> number_of(const Json& value) {
  if (!value.is_number_unsigned()) return std::nullopt;
  const auto number = value.get<std::uint64_t>();
  if (number > 0xFFFF'FFFFU) return std::nullopt;
  return static_cast<std::uint32_t>(number);
}

bool read_text_property(const Json& value, const mqtt::PropertyRow& row, mqtt::PropertyWriter& to) {
  std::string text;
  if (value.is_string()) {
    text = value.get<std::string>();
  } else {
    const Json* coded = value.is_object() ? member(value, "base64") : nullptr;
    if (row.kind != PropertyKind::binary || coded == nullptr || !coded->is_string() ||
        !append_from_base64(text, coded->get_ref<const std::string&>())) {
      return false;
    }
  }
  if (text.size() > 65'535) return false;
  to.text(row.id, text);
  return true;
}

Complaint read_property(const std::string& name, const Json& value, mqtt::PropertyWriter& to) {
  if (name == "user-properties") return read_user_properties(value, to);
  const mqtt::PropertyRow* row = mqtt::find_property(std::string_view(name));
  if (row == nullptr) return "has an unknown property \"" + name + "\"";
  // They belong to one connection; what was received does not hold for what is sent.
  if (row->id == PropertyId::topic_alias || row->id == PropertyId::subscription_identifier)
    return {};
  bool good = false;
  switch (row->kind) {
    case PropertyKind::byte:
    case PropertyKind::u16:
    case PropertyKind::u32:
    case PropertyKind::varint:
      if (const auto number = number_of(value)) {
        good = row->kind != PropertyKind::byte || *number <= 255;
        good = good && (row->kind != PropertyKind::u16 || *number <= 65'535);
        if (good) to.number(row->id, *number);
      }
      break;
    case PropertyKind::text:
    case PropertyKind::binary: good = read_text_property(value, *row, to); break;
    case PropertyKind::text_pair: return read_user_properties(value, to);
  }
  if (!good) return "has a value for \"" + name + "\" that cannot be";
  return {};
}

Complaint read_properties(const Json& object, mqtt::PropertyWriter& to) {
  const Json* properties = member(object, "properties");
  if (properties == nullptr) return {};
  if (!properties->is_object()) return "has properties that are not an object";
  for (const auto& [name, value] : properties->items()) {
    if (auto wrong = read_property(name, value, to)) return wrong;
  }
  if (mqtt::check_properties(to.view().bytes(), mqtt::PacketType::publish) !=
      mqtt::Reason::success) {
    return "has properties that a PUBLISH cannot have";
  }
  return {};
}

Complaint read_flags(const Json& object, JsonMessage& message) {
  if (const Json* qos = member(object, "qos")) {
    const auto number = number_of(*qos);
    if (!number || *number > 2) return "has a qos that is not 0, 1 or 2";
    message.qos = static_cast<mqtt::Qos>(*number);
  }
  if (const Json* retain = member(object, "retain")) {
    const auto number = number_of(*retain);
    if (retain->is_boolean()) {
      message.retain = retain->get<bool>();
    } else if (number && *number <= 1) {
      message.retain = *number == 1;
    } else {
      return "has a retain that is neither true, false, 0 nor 1";
    }
  }
  return {};
}

Complaint read_topic(const Json& object, JsonMessage& message) {
  const Json* topic = member(object, "topic");
  if (topic == nullptr) return {};
  if (!topic->is_string() || !mqtt::is_valid_topic(topic->get_ref<const std::string&>())) {
    return "has a topic that is none";
  }
  message.topic = topic->get<std::string>();
  return {};
}

// What `mqz sub --json` writes; some of it says nothing about what is sent.
constexpr std::string_view known_members[] = {"topic",      "payload", "payload_b64", "encoding",
                                              "qos",        "retain",  "properties",  "tst",
                                              "payloadlen", "mid",     "dup"};

Complaint find_unknown(const Json& object) {
  for (const auto& [name, value] : object.items()) {
    if (std::ranges::find(known_members, name) != std::end(known_members)) continue;
    const std::string meant = did_you_mean(name, known_members);
    return fmt::format("has an unknown \"{}\"{}{}", name, meant.empty() ? "" : "; ", meant);
  }
  return {};
}

}  // namespace

bool is_shallow_json(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char sign = text[i];
    if (in_string) {
      if (sign == '\\') ++i;
      if (sign == '"') in_string = false;
    } else if (sign == '"') {
      in_string = true;
    } else if (sign == '{' || sign == '[') {
      if (++depth > 100) return false;
    } else if (sign == '}' || sign == ']') {
      --depth;
    }
  }
  return true;
}

tl::expected<JsonMessage, std::string> read_json_message(std::string_view line) {
  if (!is_shallow_json(line)) return tl::unexpected(std::string("is nested too deeply"));
  const Json object = Json::parse(line, nullptr, false);
  if (object.is_discarded()) return tl::unexpected(std::string("is not JSON"));
  if (!object.is_object()) return tl::unexpected(std::string("is not a JSON object"));
  JsonMessage message;
  for (const auto& wrong :
       {find_unknown(object), read_topic(object, message), read_flags(object, message),
        read_properties(object, message.properties), read_payload(object, message.payload)}) {
    if (wrong) return tl::unexpected(*wrong);
  }
  return message;
}

}  // namespace mqz::commands
