// One line about something in a broker's store: members of a JSON object, or NAME=VALUE for people.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/json_object.h"
#include "lib/base/bytes.h"
#include "lib/base/time.h"
#include "lib/broker/record.h"

namespace mqz::commands {

enum class RecordForm : unsigned char { text, json };

class StoreLine {
 public:
  // Points in time are the broker's, from which the system's were `clock_offset` away.
  explicit StoreLine(std::string& to, RecordForm form, Millis clock_offset = {});

  void lead(std::uint64_t position, std::string_view type);
  void number(std::string_view name, std::uint64_t value);
  void flag(std::string_view name, bool value);
  void text(std::string_view name, std::string_view value);
  // Each by `name` for people; an array called `many` in JSON.
  void texts(std::string_view name, std::string_view many, const std::vector<std::string>& values);
  void time(std::string_view name, WallTime when);
  void clock(const broker::ClockRecord& clock);
  void bytes(std::string_view name, Bytes value);
  // JSON has payloads as `mqz sub --json` has them; text the beginning of long ones.
  void message(const mqtt::Publish& message);
  // With its deadline; `now` is what it was decoded with.
  void message(const broker::Message& message, std::uint16_t packet_id, Now now);
  void will(const broker::Will& will, Now now);
  void end();

 private:
  std::string& to_;
  Millis clock_offset_;
  std::optional<JsonObject> object_{};
};

}  // namespace mqz::commands
