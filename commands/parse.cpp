#include "commands/parse.h"

#include <fmt/core.h>
#include <unistd.h>

#include <optional>
#include <string_view>

#include "commands/arguments.h"
#include "commands/config_file.h"
#include "commands/environment.h"
#include "lib/base/check.h"

namespace mqz::commands {

namespace {

std::string_view variable(const Surroundings& surroundings, std::string_view name) {
  for (const std::string_view line : surroundings.environment) {
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == '=') {
      return line.substr(name.size() + 1);
    }
  }
  return {};
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// The first of the places that has a file; empty if none has.
std::string standing_config(const Surroundings& surroundings) {
  std::string user(variable(surroundings, "XDG_CONFIG_HOME"));
  const std::string_view home = variable(surroundings, "HOME");
  if (user.empty() && !home.empty()) user = fmt::format("{}/.config", home);
  if (!user.empty() && exists(user + "/mqz/config.toml")) return user + "/mqz/config.toml";
  return exists(surroundings.system_config) ? surroundings.system_config : std::string{};
}

std::string given_text(const Parsed& parsed, std::string_view name) {
  return find_option(parsed.command(), name) == nullptr ? std::string{}
                                                        : std::string(parsed.text(name));
}

ConfigChoice choose_config(const Parsed& parsed, const Surroundings& surroundings) {
  ConfigChoice choice{given_text(parsed, "config"), given_text(parsed, "profile")};
  if (choice.path.empty()) choice.path = standing_config(surroundings);
  return choice;
}

Checked<void> take_flags(Parsed& parsed, Arguments arguments) {
  for (Arguments::Given& given : arguments.given) {
    auto taken = parsed.offer(*given.option, Source::flag, fmt::format("--{}", given.option->name),
                              std::move(given.values));
    if (!taken) return taken;
  }
  parsed.set_operands(std::move(arguments.operands));
  parsed.set_words(std::move(arguments.words));
  return {};
}

void take_fallbacks(Parsed& parsed) {
  for_each_option(parsed.command(), [&](const Option& option) {
    if (option.fallback.empty()) return;
    const auto taken =
        parsed.offer(option, Source::fallback, fmt::format("default of --{}", option.name),
                     {std::string(option.fallback)});
    MQZ_CHECK(taken.has_value());
  });
}

bool asks_for(const Parsed& parsed, std::string_view name) {
  return find_option(parsed.command(), name) != nullptr && parsed.flag(name);
}

}  // namespace

Checked<Outcome> parse(const Command& command, std::string path,
                       std::span<const Command* const> all, const std::vector<std::string>& words,
                       const Surroundings& surroundings) {
  Outcome outcome{Parsed(command, std::move(path)), {}};
  auto arguments = read_arguments(command, outcome.parsed.path(), words);
  if (!arguments) return tl::make_unexpected(std::move(arguments.error()));
  Parsed& parsed = outcome.parsed;
  auto taken = take_flags(parsed, std::move(*arguments));
  if (!taken) return tl::make_unexpected(std::move(taken.error()));
  if (!asks_for(parsed, "help") && !asks_for(parsed, "version")) {
    taken = take_environment(parsed, all, surroundings.environment, outcome.notes);
    if (taken) taken = take_file(parsed, all, choose_config(parsed, surroundings));
    if (!taken) return tl::make_unexpected(std::move(taken.error()));
  }
  take_fallbacks(parsed);
  return outcome;
}

}  // namespace mqz::commands
