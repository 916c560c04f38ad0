#include "commands/pub_plan.h"

#include <fmt/core.h>
#include <unistd.h>

#include <utility>

#include "commands/mqtt_property.h"
#include "commands/read_file.h"
#include "lib/mqtt/topic.h"
#include "lib/os/random.h"

namespace mqz::commands {
namespace {

using mqtt::PropertyId;

constexpr std::string_view payload_flags[] = {"message",    "file",           "stdin-file",
                                              "stdin-line", "null-message",   "size",
                                              "json",       "topic-separator"};

bool is_given(const Parsed& parsed, std::string_view name) {
  const Option* option = find_option(parsed.command(), name);
  return option->type == ValueType::flag ? parsed.flag(name) : parsed.has(name);
}

// The one payload flag that was given; empty for none.
Checked<std::string_view> find_payload_flag(const Parsed& parsed) {
  std::string_view found;
  for (const std::string_view name : payload_flags) {
    if (!is_given(parsed, name)) continue;
    const bool both_are_lines =
        (found == "stdin-line" || found == "json") && (name == "json" || name == "topic-separator");
    if (!found.empty() && (!both_are_lines || found == "json")) {
      return stop(Exit::usage, fmt::format("--{} and --{} exclude each other", found, name),
                  "a message comes from one place");
    }
    found = name;
  }
  return found;
}

Checked<void> read_topics(const Parsed& parsed, PubPlan& plan) {
  plan.topics = parsed.texts("topic");
  if (parsed.has("topic-separator") && plan.topic_separator.empty())
    return stop(Exit::usage, "--topic-separator is empty: nothing would stand behind a topic");
  if (!parsed.typed("topic") && !plan.messaging.url_topic.empty()) {
    plan.topics = {plan.messaging.url_topic};
  } else if (parsed.source("topic") == Source::fallback && !plan.quiet) {
    plan.topic_note = fmt::format("no -t given, using topic '{}'", plan.topics.front());
    // Lines may bring their own.
    if (!plan.json && plan.topic_separator.empty())
      note(parsed.path(), std::exchange(plan.topic_note, {}));
  }
  for (const std::string& topic : plan.topics) {
    // A channel of Redis may have any name.
    if (plan.messaging.carrier == Messaging::Carrier::redis) break;
    if (auto good = check_topic("--topic", topic); !good) return good;
  }
  return {};
}

Checked<void> read_input(const Parsed& parsed, PubPlan& plan) {
  const auto flag = find_payload_flag(parsed);
  if (!flag) return tl::unexpected(flag.error());
  if (*flag == "message") {
    plan.payload = parsed.text("message");
  } else if (*flag == "file") {
    auto text = read_file(std::string(parsed.text("file")), "--file");
    if (!text) return tl::unexpected(text.error());
    plan.payload = std::move(*text);
  } else if (*flag == "stdin-file") {
    auto text = read_file("-", "--stdin-file");
    if (!text) return tl::unexpected(text.error());
    plan.payload = std::move(*text);
  } else if (*flag == "size") {
    plan.payload = os::random_text(static_cast<std::size_t>(parsed.size("size")));
  } else if (*flag != "null-message") {
    plan.input = PubPlan::Input::lines;
    const bool on_terminal = ::isatty(STDIN_FILENO) == 1 && flag->empty();
    if ((on_terminal || parsed.flag("interactive")) && !parsed.flag("no-interactive")) {
      plan.input = PubPlan::Input::terminal;
      plan.stop_on_empty = true;
    }
  }
  const bool repeats = parsed.integer("repeat") > 1;
  if (repeats && plan.input != PubPlan::Input::payload) {
    return stop(Exit::usage, "--repeat repeats one message; lines are sent once");
  }
  if (plan.payload.size() > mqtt::remaining_length_max) {
    return stop(Exit::usage, fmt::format("a payload of {} bytes is larger than MQTT allows",
                                         plan.payload.size()));
  }
  return {};
}

Checked<void> add_message_property(std::string_view flag, std::string_view name, std::string key,
                                   std::string_view value, PubPlan& plan) {
  return add_property(fmt::format("--{}", flag),
                      {"publish", std::string(name), std::move(key), std::string(value)},
                      plan.messaging.publish);
}

Checked<void> read_user_properties(const Parsed& parsed, PubPlan& plan) {
  for (const std::string& pair : parsed.texts("user-property")) {
    const std::size_t mark = pair.find('=');
    if (mark == std::string::npos) {
      return stop(Exit::usage, fmt::format("--user-property '{}': KEY=VALUE is wanted", pair));
    }
    auto added = add_message_property("user-property", "user-property", pair.substr(0, mark),
                                      std::string_view(pair).substr(mark + 1), plan);
    if (!added) return added;
  }
  return {};
}

Checked<void> read_message_properties(const Parsed& parsed, PubPlan& plan) {
  std::string_view needs_5 = parsed.has("user-property") ? "user-property" : "";
  for (const std::string_view flag : {"content-type", "correlation-data", "response-topic"}) {
    if (!parsed.has(flag)) continue;
    if (auto added = add_message_property(flag, flag, {}, parsed.text(flag), plan); !added)
      return added;
    needs_5 = flag;
  }
  if (parsed.has("expiry")) {
    const auto seconds = (parsed.duration("expiry").count() + 999) / 1000;
    auto added = add_message_property("expiry", "message-expiry-interval", {},
                                      fmt::format("{}", seconds), plan);
    if (!added) return added;
    needs_5 = "expiry";
  }
  if (auto added = read_user_properties(parsed, plan); !added) return added;
  mqtt::PropertyWriter& to = plan.messaging.publish;
  if (plan.wait && !to.view().has(PropertyId::correlation_data))
    to.text(PropertyId::correlation_data, os::random_text(16));
  plan.correlation = to.view().text(PropertyId::correlation_data).value_or("");
  if (needs_5.empty()) return {};
  return require_version_5(parsed, plan.messaging, fmt::format("--{}", needs_5));
}

Checked<void> read_waiting(const Parsed& parsed, PubPlan& plan) {
  plan.wait = parsed.flag("wait");
  plan.response_topic = parsed.text("response-topic");
  if (parsed.has("timeout")) plan.wait_timeout = parsed.duration("timeout");
  if (parsed.has("response-topic")) {
    if (auto good = check_topic("--response-topic", plan.response_topic); !good) return good;
  }
  plan.verify = parsed.flag("verify");
  if (plan.verify && (plan.wait || plan.json || !plan.topic_separator.empty())) {
    return stop(Exit::usage, "--verify goes with the topics of -t only, and not with --wait");
  }
  if (!plan.wait && !plan.verify && parsed.typed("timeout"))
    return stop(Exit::usage, "-W goes with --wait or --verify");
  if (!plan.wait) return {};
  if (plan.response_topic.empty()) return stop(Exit::usage, "--wait needs --response-topic");
  if (plan.input != PubPlan::Input::payload) {
    return stop(Exit::usage, "--wait goes with one message, not with lines",
                "give the request with -m, -f or -s");
  }
  return {};
}

}  // namespace

Checked<PubPlan> read_pub_plan(const Parsed& parsed) {
  PubPlan plan;
  auto messaging = read_messaging(parsed);
  if (!messaging) return tl::unexpected(messaging.error());
  plan.messaging = std::move(*messaging);
  plan.messaging.client.connect.inflight_max =
      static_cast<std::size_t>(parsed.integer("max-inflight"));
  plan.qos = to_qos(parsed.text("qos"));
  plan.retain = parsed.flag("retain");
  plan.json = parsed.flag("json");
  plan.topic_separator = parsed.text("topic-separator");
  if (parsed.flag("null")) plan.line_separator = '\0';
  plan.stop_on_empty = parsed.flag("stop-on-empty");
  plan.repeat = static_cast<std::uint64_t>(parsed.integer("repeat"));
  plan.repeat_delay = parsed.duration("repeat-delay");
  plan.rate = parsed.has("rate") ? parsed.integer("rate") : 0;
  plan.ack_timeout = parsed.duration("ack-timeout");
  plan.stats = parsed.flag("stats");
  plan.quiet = parsed.flag("quiet");
  for (const auto read : {read_topics, read_input, read_waiting, read_message_properties}) {
    if (auto done = read(parsed, plan); !done) return tl::unexpected(done.error());
  }
  return plan;
}

}  // namespace mqz::commands
