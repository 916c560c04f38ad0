// Writes one JSON object, member by member: with commas and, when asked, a line each with tabs, as
// mosquitto_sub --pretty does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace mqz::commands {

void append_json_string(std::string& to, std::string_view text);  // with its quotes; text is UTF-8

class JsonObject {
 public:
  explicit JsonObject(std::string& to, bool pretty = false, int depth = 0)
      : to_(to), pretty_(pretty), depth_(depth) {
    to_.push_back('{');
  }
  // The value is to be appended by the caller.
  void name(std::string_view name) {
    if (!std::exchange(first_, false)) to_.push_back(',');
    if (pretty_) indent(depth_ + 1);
    append_json_string(to_, name);
    to_.append(pretty_ ? ":\t" : ":");
  }
  void text(std::string_view key, std::string_view value) {
    name(key);
    append_json_string(to_, value);
  }
  void number(std::string_view key, std::uint64_t value) {
    name(key);
    to_.append(std::to_string(value));
  }
  void flag(std::string_view key, bool value) {
    name(key);
    to_.append(value ? "true" : "false");
  }
  void close() {
    if (pretty_ && !first_) indent(depth_);
    to_.push_back('}');
  }

 private:
  void indent(int depth) {
    to_.push_back('\n');
    to_.append(static_cast<std::size_t>(depth), '\t');
  }
  std::string& to_;
  bool pretty_;
  int depth_;
  bool first_ = true;
};

}  // namespace mqz::commands
