#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "commands/json_object.h"
#include "commands/message_json.h"
#include "commands/message_time.h"
#include "lib/base/base64.h"
#include "lib/mqtt/topic.h"

namespace mqz::commands {
namespace {

using mqtt::PropertyId;

void append_base64_string(std::string& to, Bytes bytes) {
  to.push_back('"');
  append_base64(to, bytes);
  to.push_back('"');
}

bool has_repeated_name(mqtt::PropertyView properties) {
  std::set<std::string_view> names;
  for (const mqtt::Property& property : properties) {
    if (property.id == PropertyId::user_property && !names.insert(property.text).second)
      return true;
  }
  return false;
}

void append_user_properties(std::string& to, mqtt::PropertyView properties, bool as_pairs,
                            bool pretty) {
  if (!as_pairs) {
    JsonObject object(to, pretty, 2);
    for (const mqtt::Property& property : properties) {
      if (property.id == PropertyId::user_property) object.text(property.text, property.value);
    }
    return object.close();
  }
  to.push_back('[');
  bool first = true;
  for (const mqtt::Property& property : properties) {
    if (property.id != PropertyId::user_property) continue;
    if (!std::exchange(first, false)) to.push_back(',');
    to.push_back('[');
    append_json_string(to, property.text);
    to.push_back(',');
    append_json_string(to, property.value);
    to.push_back(']');
  }
  to.push_back(']');
}

void append_properties(std::string& to, mqtt::PropertyView properties, JsonForm form, bool pretty) {
  JsonObject object(to, pretty, 1);
  bool users_done = false;
  for (const mqtt::Property& property : properties) {
    const mqtt::PropertyRow& row = *mqtt::find_property(static_cast<std::uint32_t>(property.id));
    if (property.id == PropertyId::user_property) {
      if (std::exchange(users_done, true)) continue;
      object.name("user-properties");
      const bool as_pairs = form == JsonForm::full && has_repeated_name(properties);
      append_user_properties(to, properties, as_pairs, pretty);
    } else if (row.kind == mqtt::PropertyKind::text) {
      object.text(row.name, property.text);
    } else if (row.kind == mqtt::PropertyKind::binary) {
      object.name(row.name);
      if (mqtt::is_valid_utf8(property.text)) {
        append_json_string(to, property.text);
      } else {
        to.append("{\"base64\":");
        append_base64_string(to, as_bytes(property.text));
        to.push_back('}');
      }
    } else {
      object.number(row.name, property.number);
    }
  }
  object.close();
}

void append_payload(std::string& to, JsonObject& object, Bytes payload, JsonForm form) {
  const bool is_text = mqtt::is_valid_utf8(as_text(payload));
  if (form == JsonForm::full || !is_text) object.text("encoding", is_text ? "utf8" : "base64");
  object.name("payload");
  if (payload.empty() && form == JsonForm::quoted) {
    to.append("null");
  } else if (is_text) {
    append_json_string(to, as_text(payload));
  } else {
    append_base64_string(to, payload);
  }
}

// The payload as JSON of its own; false when it is none.
bool append_embedded(std::string& to, Bytes payload, bool pretty) {
  if (payload.empty()) {
    to.append("null");
    return true;
  }
  if (!is_shallow_json(as_text(payload))) return false;
  const auto value = nlohmann::ordered_json::parse(as_text(payload), nullptr, false);
  if (value.is_discarded()) return false;
  if (!pretty) {
    to.append(value.dump());
    return true;
  }
  for (const char sign : value.dump(1, '\t')) {
    to.push_back(sign);
    if (sign == '\n')
      to.push_back('\t');  // one level below the message; texts have no bare newline
  }
  return true;
}

void append_head(std::string& to, JsonObject& object, const mqtt::Publish& message, JsonForm form,
                 bool pretty) {
  object.text("topic", message.topic);
  object.number("qos", static_cast<unsigned>(message.qos));
  object.number("retain", message.retain ? 1 : 0);
  object.number("payloadlen", message.payload.size());
  if (message.qos != mqtt::Qos::at_most_once) object.number("mid", message.packet_id);
  if (!message.properties.empty()) {
    object.name("properties");
    append_properties(to, message.properties, form, pretty);
  }
}

}  // namespace

void append_json_string(std::string& to, std::string_view text) {
  to.push_back('"');
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char sign = text[i];
    if (static_cast<unsigned char>(sign) >= 0x20 && sign != '"' && sign != '\\') continue;
    to.append(text.substr(plain, i - plain));
    plain = i + 1;
    static constexpr std::string_view shorts = "\"\\\b\f\n\r\t";
    static constexpr std::string_view letters = "\"\\bfnrt";
    const std::size_t at = shorts.find(sign);
    if (at != std::string_view::npos) {
      to.push_back('\\');
      to.push_back(letters[at]);
    } else {
      std::array<char, 8> room{};
      std::snprintf(room.data(), room.size(), "\\u%04x", static_cast<unsigned>(sign));
      to.append(room.data());
    }
  }
  to.append(text.substr(plain));
  to.push_back('"');
}

bool append_json(std::string& to, const Received& received, JsonForm form, bool pretty) {
  const mqtt::Publish& message = received.message;
  const std::size_t begin = to.size();
  JsonObject object(to, pretty, 0);
  object.name("tst");
  to.push_back('"');
  append_time(to, received.at, form == JsonForm::full ? TimeForm::rfc3339 : TimeForm::mosquitto);
  to.push_back('"');
  append_head(to, object, message, form, pretty);
  if (form == JsonForm::embedded) {
    object.name("payload");
    if (!append_embedded(to, message.payload, pretty)) {
      to.resize(begin);
      return false;
    }
  } else {
    append_payload(to, object, message.payload, form);
  }
  object.close();
  return true;
}

void append_message(std::string& to, JsonObject& object, const mqtt::Publish& message) {
  append_head(to, object, message, JsonForm::full, false);
  append_payload(to, object, message.payload, JsonForm::full);
}

}  // namespace mqz::commands
