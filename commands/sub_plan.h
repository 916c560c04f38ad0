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
  std::optional<std::uint64_t> payload_bytes_max{};  // what is larger is left out

  enum class Show : unsigned char {
    print,
    watch,  // a line per topic, renewed
    dump,   // a file per message
    exec,   // a command per message
    rate,   // how many per second
    top,    // which topics had most
  };

  Form form = Form::payload;
  Show show = Show::print;
  std::string dump_directory{};
  std::string command{};  // with Show::exec; else it translates payloads, if there is one
  std::int64_t top_lines = 0;
  bool is_on_terminal = false;  // standard output
  bool line_buffered = false;
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
