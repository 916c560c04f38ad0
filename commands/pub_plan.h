// What `mqz pub` is to do, read from its flags and checked before anything is connected.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "commands/messaging.h"

namespace mqz::commands {

struct PubPlan {
  enum class Input : unsigned char { payload, lines, terminal };

  Messaging messaging{};
  std::vector<std::string> topics{};
  std::string topic_note{};  // to tell when the first line without a topic of its own comes
  mqtt::Qos qos{};
  bool retain = false;

  Input input = Input::payload;
  std::string payload{};     // of every message, with Input::payload
  std::uint64_t repeat = 1;  // how often
  Millis repeat_delay{};
  bool json = false;              // a line is a message as JSON
  std::string topic_separator{};  // a line is TOPIC SEPARATOR PAYLOAD
  char line_separator = '\n';
  bool stop_on_empty = false;

  std::int64_t rate = 0;  // messages per second; 0: as fast as it goes
  Millis ack_timeout{};   // without any progress; 0: for ever
  bool verify = false;    // every message must come back
  bool wait = false;      // for one response
  std::string response_topic{};
  std::string correlation{};
  std::optional<Millis> wait_timeout{};
  bool stats = false;
  bool quiet = false;
};

Checked<PubPlan> read_pub_plan(const Parsed& parsed);

}  // namespace mqz::commands
