#include "commands/environment.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "commands/suggest.h"

namespace mqz::commands {

namespace {

constexpr std::string_view variable_prefix = "MQZ_";

// Read by the library itself, or given to the command under a lock.
constexpr std::string_view other_names[] = {"MQZ_FENCE", "MQZ_FENCE_HLC", "MQZ_LOCK_DIR"};
constexpr std::string_view output_prefixes[] = {"MQZ_LEASE_", "MQZ_MESSAGE_"};

void append_name(std::string& to, std::string_view name) {
  for (const char c : name) {
    to += c == '-' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
}

// What Kubernetes sets for a Service called mqz or mqz-x: MQZ_SERVICE_HOST, MQZ_PORT_1883_TCP_ADDR.
bool is_injected_name(std::string_view name) {
  if (name.find("_SERVICE_HOST") != std::string_view::npos) return true;
  if (name.find("_SERVICE_PORT") != std::string_view::npos) return true;
  const auto port = name.find("_PORT_");
  return port != std::string_view::npos && port + 6 < name.size() && name[port + 6] >= '0' &&
         name[port + 6] <= '9';
}

bool is_injected_value(std::string_view name, std::string_view value) {
  return name.ends_with("_PORT") && (value.starts_with("tcp://") || value.starts_with("udp://") ||
                                     value.starts_with("sctp://"));
}

struct Variable {
  std::string_view name{};
  std::string_view value{};
};

std::vector<Variable> ours_of(std::span<const std::string> environment) {
  std::vector<Variable> ours;
  for (const std::string_view line : environment) {
    const auto equals = line.find('=');
    if (!line.starts_with(variable_prefix) || equals == std::string_view::npos) continue;
    if (equals + 1 < line.size()) ours.push_back({line.substr(0, equals), line.substr(equals + 1)});
  }
  return ours;
}

void append_names(const Command& command, std::string_view first_word,
                  std::vector<std::string>& names) {
  for_each_option(command, [&](const Option& option) {
    std::string name = variable_of(first_word, option);
    if (!name.empty()) names.push_back(std::move(name));
  });
  for (const Command* verb : command.verbs) append_names(*verb, first_word, names);
}

void warn_of_unknown(std::span<const Command* const> all, std::span<const Variable> left,
                     std::vector<std::string>& notes) {
  std::vector<std::string> names;
  for (const Command* command : all) append_names(*command, command->name, names);
  std::vector<std::string_view> known(names.begin(), names.end());
  known.insert(known.end(), std::begin(other_names), std::end(other_names));
  for (const Variable& variable : left) {
    if (std::find(known.begin(), known.end(), variable.name) != known.end()) continue;
    // The environment of a command that is still to come may already be set.
    const bool later = std::any_of(all.begin(), all.end(), [&](const Command* command) {
      return command->run == nullptr &&
             variable.name.starts_with(variable_of(command->name, Option{}));
    });
    if (later) continue;
    const std::string meant = did_you_mean(variable.name, known);
    notes.push_back(fmt::format("nothing reads the variable {}{}{}", variable.name,
                                meant.empty() ? "" : "; ", meant));
  }
}

}  // namespace

std::string variable_of(std::string_view command, const Option& option) {
  if (option.scope == Scope::nowhere) return {};
  std::string name(variable_prefix);
  if (option.scope == Scope::command) {
    append_name(name, command);
    name += '_';
  }
  append_name(name, option.name);
  return name;
}

Checked<void> take_environment(Parsed& parsed, std::span<const Command* const> all,
                               std::span<const std::string> environment,
                               std::vector<std::string>& notes) {
  std::vector<Variable> left = ours_of(environment);
  if (left.empty()) return {};
  std::erase_if(left, [&](const Variable& variable) {
    if (is_injected_value(variable.name, variable.value)) {
      notes.push_back(fmt::format("ignoring {}={}: it looks like Kubernetes' own, not a setting",
                                  variable.name, variable.value));
      return true;
    }
    return is_injected_name(variable.name) ||
           std::any_of(std::begin(output_prefixes), std::end(output_prefixes),
                       [&](auto prefix) { return variable.name.starts_with(prefix); });
  });
  const std::string_view command =
      std::string_view(parsed.path()).substr(0, parsed.path().find(' '));
  std::optional<Stop> failed;
  for_each_option(parsed.command(), [&](const Option& option) {
    const std::string name = variable_of(command, option);
    if (name.empty() || failed) return;
    const auto at = std::find_if(left.begin(), left.end(),
                                 [&](const Variable& variable) { return variable.name == name; });
    if (at == left.end()) return;
    auto taken = parsed.offer(option, Source::environment, name, {std::string(at->value)});
    if (!taken) failed = std::move(taken.error());
    left.erase(at);
  });
  if (failed) return tl::make_unexpected(std::move(*failed));
  if (!left.empty()) warn_of_unknown(all, left, notes);
  return {};
}

}  // namespace mqz::commands
