// Events as JSON lines on standard output, and what commands and events have in common. The
// protocol is described in tests/cli/interop/driver.py. Any thread may tell.
#pragma once

// The header says nothing to C++.
extern "C" {
#include <MQTTProperties.h>
}

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace mqz::paho_c {

using Json = nlohmann::json;

inline constexpr int version_5 = 5;

void tell(const std::string& event, Json fields = Json::object());
// The next command; nothing at the end of standard input.
std::optional<Json> next_command();

std::string from_hex(const std::string& text);
// The payload a command carries, as hexadecimal or in a file.
std::string payload_of(const Json& fields);
// Tells of a message; a payload that is not short goes to a file in `folder`.
struct Arrived {
  std::string topic{};
  const char* payload = nullptr;
  std::size_t payload_bytes = 0;
  int qos = 0;
  bool retain = false;
  bool dup = false;
};
void tell_message(const std::string& folder, const Arrived& message,
                  const MQTTProperties* properties);

// Owns a list of the library's properties.
class Properties {
 public:
  explicit Properties(const Json& named = Json::object());
  ~Properties() { MQTTProperties_free(&list_); }
  Properties(const Properties&) = delete;
  Properties& operator=(const Properties&) = delete;
  MQTTProperties* get() { return &list_; }

 private:
  MQTTProperties list_ = MQTTProperties_initializer;
};
Json from_library(const MQTTProperties& list);

}  // namespace mqz::paho_c
