#include "commands/sub_plan.h"

#include <fmt/core.h>
#include <unistd.h>

#include <charconv>

#include "lib/mqtt/topic.h"

namespace mqz::commands {
namespace {

Checked<void> check_filter(std::string_view flag, std::string_view filter) {
  if (mqtt::is_valid_filter(filter)) return {};
  std::string_view why = "it is not UTF-8 text";
  if (filter.empty()) {
    why = "it is empty";
  } else if (filter.size() > 65'535) {
    why = "it is longer than 65535 bytes";
  } else if (mqtt::is_shared(filter)) {
    why = "a shared one is $share/GROUP/FILTER";
  } else if (mqtt::has_wildcard(filter)) {
    why = "+ stands alone between slashes, # alone at the end";
  }
  return stop(Exit::usage, fmt::format("{} '{}' is not a topic filter: {}", flag, filter, why));
}

// Redis would take them for plain letters, and nothing would ever arrive.
Checked<void> check_channel(std::string_view filter) {
  const bool is_mqtt = filter == "#" || filter == "+" || filter.ends_with("/#") ||
                       filter.starts_with("+/") || filter.find("/+") != std::string_view::npos;
  if (!is_mqtt) return {};
  return stop(Exit::usage, fmt::format("--topic '{}': + and # are no wildcards of Redis", filter),
              "its patterns have * ? and [letters]: 'a/*'");
}

Checked<void> read_filters(const Parsed& parsed, SubPlan& plan) {
  plan.unsubscribe = parsed.texts("unsubscribe");
  plan.filters_out = parsed.texts("filter-out");
  const bool by_default = parsed.source("topic") == Source::fallback;
  if (!by_default || plan.unsubscribe.empty()) plan.filters = parsed.texts("topic");
  if (!parsed.typed("topic") && !plan.messaging.url_topic.empty()) {
    plan.filters = {plan.messaging.url_topic};
  } else if (by_default && !plan.filters.empty() && !plan.quiet) {
    note(parsed.path(), fmt::format("no -t given, using topic '{}'", plan.filters.front()));
  }
  if (parsed.has("group")) {
    const std::string_view group = parsed.text("group");
    if (group.empty() || group.find_first_of("/+#") != std::string_view::npos) {
      return stop(Exit::usage, fmt::format("{} '{}': a group has a name without / + #",
                                           parsed.origin("group"), group));
    }
    for (std::string& filter : plan.filters) {
      filter = fmt::format("$share/{}/{}", group, filter);
    }
  }
  const bool is_redis = plan.messaging.carrier == Messaging::Carrier::redis;
  for (const std::string& filter : plan.filters) {
    const auto good = is_redis ? check_channel(filter) : check_filter("--topic", filter);
    if (!good) return good;
  }
  for (const std::string& filter : plan.filters_out) {
    if (auto good = check_filter("--filter-out", filter); !good) return good;
  }
  for (const std::string& filter : plan.unsubscribe) {
    if (auto good = check_filter("--unsubscribe", filter); !good) return good;
  }
  if (plan.filters.empty()) plan.exit_after_sub = true;
  return {};
}

Checked<void> read_subscription(const Parsed& parsed, SubPlan& plan) {
  plan.options.qos = to_qos(parsed.text("qos"));
  plan.options.no_local = parsed.flag("no-local");
  plan.options.retain_as_published = parsed.flag("retain-as-published");
  if (parsed.has("retain-handling")) {
    plan.options.retain_handling =
        static_cast<std::uint8_t>(parsed.text("retain-handling").front() - '0');
  }
  plan.no_retained = parsed.flag("no-retained");
  plan.retained_only = parsed.flag("retained-only");
  plan.remove_retained = parsed.flag("remove-retained");
  plan.dry_run = parsed.flag("dry-run");
  if (plan.dry_run && !plan.remove_retained) {
    return stop(Exit::usage, "--dry-run goes with --remove-retained");
  }
  if (plan.no_retained && plan.retained_only) {
    return stop(Exit::usage, "--no-retained and --retained-only leave nothing");
  }
  for (const std::string_view flag : {"no-local", "retain-as-published"}) {
    if (!parsed.flag(flag)) continue;
    if (auto good = require_version_5(parsed, plan.messaging, parsed.origin(flag)); !good)
      return good;
  }
  if (plan.options.retain_handling == 0) return {};
  return require_version_5(parsed, plan.messaging, parsed.origin("retain-handling"));
}

Checked<void> read_sampling(const Parsed& parsed, SubPlan& plan) {
  if (!parsed.has("random-filter")) return {};
  const std::string_view text = parsed.text("random-filter");
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), plan.percent);
  if (error != std::errc{} || end != text.data() + text.size() || !(plan.percent > 0) ||
      plan.percent > 100) {
    return stop(Exit::usage, fmt::format("--random-filter: '{}' is not a percentage above 0 and up "
                                         "to 100",
                                         text));
  }
  return {};
}

Checked<void> read_form(const Parsed& parsed, SubPlan& plan) {
  struct Row {
    std::string_view flag{};
    SubPlan::Form form{};
  };
  static constexpr Row rows[] = {{"verbose", SubPlan::Form::verbose},
                                 {"json", SubPlan::Form::json},
                                 {"hex", SubPlan::Form::hex},
                                 {"base64", SubPlan::Form::base64}};
  std::string_view chosen;
  if (parsed.has("format")) {
    chosen = "format";
    plan.form = SubPlan::Form::format;
    auto format = MessageFormat::parse(parsed.text("format"), parsed.flag("pretty"));
    if (!format)
      return stop(Exit::usage, fmt::format("{}: {}", parsed.origin("format"), format.error()));
    plan.format = std::move(*format);
  }
  for (const Row& row : rows) {
    if (!parsed.flag(row.flag)) continue;
    // mosquitto_sub lets -F win over -v.
    if (row.flag == "verbose" && chosen == "format") continue;
    if (!chosen.empty()) {
      return stop(Exit::usage, fmt::format("--{} and --{} exclude each other", chosen, row.flag));
    }
    chosen = row.flag;
    plan.form = row.form;
  }
  plan.pretty = parsed.flag("pretty");
  if (parsed.flag("null")) plan.separator.assign(1, '\0');
  if (parsed.flag("no-eol")) plan.separator.clear();
  return {};
}

// What becomes of the messages.
Checked<void> read_show(const Parsed& parsed, SubPlan& plan) {
  struct Row {
    std::string_view flag{};
    SubPlan::Show show{};
  };
  static constexpr Row rows[] = {{"watch", SubPlan::Show::watch},
                                 {"dump", SubPlan::Show::dump},
                                 {"exec", SubPlan::Show::exec},
                                 {"message-rate", SubPlan::Show::rate},
                                 {"top", SubPlan::Show::top}};
  plan.is_on_terminal = ::isatty(STDOUT_FILENO) == 1;
  plan.line_buffered = parsed.flag("line-buffered");
  if (parsed.has("max-size")) plan.payload_bytes_max = parsed.size("max-size");
  std::string_view chosen;
  for (const Row& row : rows) {
    const bool is_flag = find_option(parsed.command(), row.flag)->type == ValueType::flag;
    if (is_flag ? !parsed.flag(row.flag) : !parsed.has(row.flag)) continue;
    if (!chosen.empty()) {
      return stop(Exit::usage, fmt::format("--{} and --{} exclude each other", chosen, row.flag));
    }
    chosen = row.flag;
    plan.show = row.show;
  }
  plan.dump_directory = parsed.text("dump");
  if (plan.show == SubPlan::Show::top) plan.top_lines = parsed.integer("top");
  plan.command = parsed.text(plan.show == SubPlan::Show::exec ? "exec" : "translate");
  if (plan.show == SubPlan::Show::exec && parsed.has("translate")) {
    return stop(Exit::usage, "--exec and --translate exclude each other");
  }
  if (plan.show != SubPlan::Show::watch) return {};
  if (!plan.is_on_terminal) return stop(Exit::usage, "--watch draws on a terminal");
  if (plan.form == SubPlan::Form::payload) plan.form = SubPlan::Form::verbose;
  return {};
}

Checked<void> read_end(const Parsed& parsed, SubPlan& plan) {
  if (parsed.has("count")) plan.count = static_cast<std::uint64_t>(parsed.integer("count"));
  if (parsed.flag("one")) {
    plan.count = 1;
    plan.topic_to_stderr = true;
  }
  if (parsed.has("timeout")) plan.timeout = parsed.duration("timeout");
  if (parsed.has("idle")) plan.idle = parsed.duration("idle");
  if (parsed.flag("exit-after-sub")) plan.exit_after_sub = true;
  return {};
}

}  // namespace

Checked<SubPlan> read_sub_plan(const Parsed& parsed) {
  SubPlan plan;
  auto messaging = read_messaging(parsed);
  if (!messaging) return tl::unexpected(messaging.error());
  plan.messaging = std::move(*messaging);
  plan.quiet = parsed.flag("quiet");
  for (const auto read :
       {read_filters, read_subscription, read_sampling, read_form, read_show, read_end}) {
    if (auto done = read(parsed, plan); !done) return tl::unexpected(done.error());
  }
  return plan;
}

}  // namespace mqz::commands
