// What `mqz sub` is to do, read from its flags and checked before anything is connected.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "commands/message_format.h"
#include "commands/messaging.h"

namespace mqz::commands {

struct SubPlan {
  enum class Form : unsigned char { payload, verbose, format, json, hex, base64 };

  Messaging messaging{};
  std::vector<std::string> filters{};
  mqtt::SubscribeOptions options{};
  std::vector<std::string> filters_out{};
  std::vector<std::string> unsubscribe{};
  bool no_retained = false;
  bool retained_only = false;
  bool remove_retained = false;
  bool dry_run = false;
  double percent = 100;

  Form form = Form::payload;
  std::optional<MessageFormat> format{};
  bool pretty = false;
  std::string separator = "\n";  // after each message

  std::optional<std::uint64_t> count{};
  bool topic_to_stderr = false;
  std::optional<Millis> timeout{};
  std::optional<Millis> idle{};
  bool exit_after_sub = false;
  bool quiet = false;
};

Checked<SubPlan> read_sub_plan(const Parsed& parsed);

}  // namespace mqz::commands
