#include "tests/cli/paho_c/lines.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <mutex>

namespace mqz::paho_c {
namespace {

constexpr std::size_t short_bytes_max = 4096;
constexpr char digits[] = "0123456789abcdef";

std::string to_hex(const char* data, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(data[i]);
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

struct Name {
  const char* name;
  MQTTPropertyCodes code;
};

constexpr Name names[] = {
    {"payload_format_indicator", MQTTPROPERTY_CODE_PAYLOAD_FORMAT_INDICATOR},
    {"message_expiry_interval", MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL},
    {"content_type", MQTTPROPERTY_CODE_CONTENT_TYPE},
    {"response_topic", MQTTPROPERTY_CODE_RESPONSE_TOPIC},
    {"correlation_data", MQTTPROPERTY_CODE_CORRELATION_DATA},
    {"subscription_identifier", MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER},
    {"session_expiry_interval", MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL},
    {"assigned_client_identifier", MQTTPROPERTY_CODE_ASSIGNED_CLIENT_IDENTIFER},
    {"will_delay_interval", MQTTPROPERTY_CODE_WILL_DELAY_INTERVAL},
    {"receive_maximum", MQTTPROPERTY_CODE_RECEIVE_MAXIMUM},
    {"topic_alias_maximum", MQTTPROPERTY_CODE_TOPIC_ALIAS_MAXIMUM},
    {"topic_alias", MQTTPROPERTY_CODE_TOPIC_ALIAS},
    {"user_property", MQTTPROPERTY_CODE_USER_PROPERTY},
};

MQTTLenString length_string(std::string& text) {
  return {.len = static_cast<int>(text.size()), .data = text.data()};
}

std::string text_of(const MQTTLenString& text) {
  return {text.data, static_cast<std::size_t>(text.len)};
}

void set_number(MQTTProperty& property, std::uint32_t value) {
  switch (MQTTProperty_getType(property.identifier)) {
    case MQTTPROPERTY_TYPE_BYTE: property.value.byte = static_cast<unsigned char>(value); return;
    case MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER:
      property.value.integer2 = static_cast<std::uint16_t>(value);
      return;
    default: property.value.integer4 = value;
  }
}

std::uint32_t number_of(const MQTTProperty& property) {
  switch (MQTTProperty_getType(property.identifier)) {
    case MQTTPROPERTY_TYPE_BYTE: return property.value.byte;
    case MQTTPROPERTY_TYPE_TWO_BYTE_INTEGER: return property.value.integer2;
    default: return property.value.integer4;
  }
}

// The library copies what it is given.
void add(MQTTProperties& list, MQTTPropertyCodes code, const Json& value) {
  MQTTProperty property{};
  property.identifier = code;
  std::string first;
  std::string second;
  if (value.is_number()) {
    set_number(property, value.get<std::uint32_t>());
  } else if (value.is_array()) {
    first = value.at(0).get<std::string>();
    second = value.at(1).get<std::string>();
    property.value.data = length_string(first);
    property.value.value = length_string(second);
  } else {
    first = value.get<std::string>();
    if (code == MQTTPROPERTY_CODE_CORRELATION_DATA) first = from_hex(first);
    property.value.data = length_string(first);
  }
  MQTTProperties_add(&list, &property);
}

Json value_of(const MQTTProperty& property) {
  switch (MQTTProperty_getType(property.identifier)) {
    case MQTTPROPERTY_TYPE_UTF_8_STRING_PAIR:
      return Json::array({text_of(property.value.data), text_of(property.value.value)});
    case MQTTPROPERTY_TYPE_UTF_8_ENCODED_STRING: return text_of(property.value.data);
    case MQTTPROPERTY_TYPE_BINARY_DATA:
      return to_hex(property.value.data.data, static_cast<std::size_t>(property.value.data.len));
    default: return number_of(property);
  }
}

bool is_list(MQTTPropertyCodes code) {
  return code == MQTTPROPERTY_CODE_USER_PROPERTY ||
         code == MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER;
}

}  // namespace

void tell(const std::string& event, Json fields) {
  static std::mutex one_at_a_time;
  fields["event"] = event;
  const std::string line = fields.dump() + "\n";
  const std::lock_guard lock(one_at_a_time);
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

std::optional<Json> next_command() {
  std::string line;
  for (int c = std::getchar(); c != '\n'; c = std::getchar()) {
    if (c == EOF) return std::nullopt;
    line += static_cast<char>(c);
  }
  return Json::parse(line);
}

std::string from_hex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  return bytes;
}

std::string payload_of(const Json& fields) {
  if (!fields.contains("file")) return from_hex(fields.at("payload").get<std::string>());
  std::ifstream file(fields.at("file").get<std::string>(), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void tell_message(const std::string& folder, const Arrived& message,
                  const MQTTProperties* properties) {
  static std::atomic<int> files = 0;
  Json fields{{"topic", message.topic},
              {"qos", message.qos},
              {"retain", message.retain},
              {"dup", message.dup}};
  if (properties != nullptr) fields["properties"] = from_library(*properties);
  if (message.payload_bytes <= short_bytes_max) {
    fields["payload"] = to_hex(message.payload, message.payload_bytes);
  } else {
    const std::string path =
        folder + "/" + std::to_string(::getpid()) + "-" + std::to_string(++files);
    std::ofstream(path, std::ios::binary)
        .write(message.payload, static_cast<std::streamsize>(message.payload_bytes));
    fields["file"] = path;
  }
  tell("message", fields);
}

Properties::Properties(const Json& named) {
  for (const Name& one : names) {
    if (!named.contains(one.name)) continue;
    const Json& value = named.at(one.name);
    if (one.code != MQTTPROPERTY_CODE_USER_PROPERTY) {
      add(list_, one.code, value);
      continue;
    }
    for (const Json& pair : value) add(list_, one.code, pair);
  }
}

Json from_library(const MQTTProperties& list) {
  Json told = Json::object();
  for (int i = 0; i < list.count; ++i) {
    const MQTTProperty& property = list.array[i];
    for (const Name& one : names) {
      if (one.code != property.identifier) continue;
      if (is_list(one.code)) {
        told[one.name].push_back(value_of(property));
      } else {
        told[one.name] = value_of(property);
      }
    }
  }
  return told;
}

}  // namespace mqz::paho_c
