#define TOML_EXCEPTIONS 0
#include "commands/config_file.h"

#include <fmt/core.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "commands/read_file.h"
#include "commands/suggest.h"

namespace mqz::commands {

namespace {

struct Reading {
  Parsed& parsed;
  std::span<const Command* const> all;
  const std::string& path;

  std::string place(const toml::node& node, std::string_view key) const {
    return fmt::format("{}:{}: {}", path, node.source().begin.line, key);
  }
};

std::string text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* whole = node.as_integer()) return fmt::format("{}", whole->get());
  if (const auto* fraction = node.as_floating_point()) return fmt::format("{}", fraction->get());
  if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
  return {};
}

bool is_single(const toml::node& node) {
  return node.is_string() || node.is_integer() || node.is_floating_point() || node.is_boolean();
}

Checked<std::vector<std::string>> values_of(const Reading& reading, const Option& option,
                                            const toml::node& node) {
  if (is_single(node)) return std::vector<std::string>{text_of(node)};
  const toml::array* array = node.as_array();
  const bool simple = array != nullptr && std::all_of(array->begin(), array->end(), is_single);
  if (!simple || !option.repeatable) {
    return stop(Exit::configuration,
                fmt::format("{} takes one value{}", reading.place(node, option.name),
                            option.repeatable ? " or a list of values" : ""));
  }
  std::vector<std::string> values;
  for (const toml::node& element : *array) values.push_back(text_of(element));
  return values;
}

// The tables a section is checked against: one command with its verbs, or for keys at the top every
// command, of which only shared options count.
struct Section {
  const Command* command = nullptr;
  std::string_view prefix{};  // "profile.home." for messages

  bool takes(const Option& option) const {
    return option.scope == Scope::shared || (option.scope == Scope::command && command != nullptr);
  }
};

void append_rows(const Command& command, const Section& section, std::vector<const Option*>& rows) {
  for_each_option(command, [&](const Option& option) {
    if (section.takes(option)) rows.push_back(&option);
  });
  for (const Command* verb : command.verbs) append_rows(*verb, section, rows);
}

std::vector<const Option*> rows_of(const Reading& reading, const Section& section) {
  std::vector<const Option*> rows;
  for (const Command* command : reading.all) {
    if (section.command == nullptr || section.command == command)
      append_rows(*command, section, rows);
  }
  return rows;
}

bool has_name(const Option& option, std::string_view name) {
  bool same = option.name == name;
  for_each_part(option.aliases, ' ', [&](std::string_view alias) { same = same || alias == name; });
  return same;
}

Stop unknown_key(const Reading& reading, const Section& section, std::string_view key,
                 const toml::node& node) {
  std::vector<std::string_view> names;
  for (const Option* option : rows_of(reading, section)) names.push_back(option->name);
  if (section.command == nullptr) {
    for (const Command* command : reading.all) names.push_back(command->name);
    if (section.prefix.empty()) names.push_back("profile");
  }
  const char* what = node.is_table() ? "section" : "key";
  return Stop{Exit::configuration,
              fmt::format("{}:{}: unknown {} '{}{}'", reading.path, node.source().begin.line, what,
                          section.prefix, key),
              did_you_mean(key, names)};
}

bool belongs_to(const Reading& reading, const Section& section) {
  const std::string_view path = reading.parsed.path();
  return section.command == nullptr || section.command->name == path.substr(0, path.find(' '));
}

// Checks the keys of one section; offers those that the running command has a row for.
Checked<void> take_keys(const Reading& reading, const Section& section, const toml::table& table) {
  const auto rows = rows_of(reading, section);
  for (const auto& [toml_key, node] : table) {
    const std::string_view key = toml_key.str();
    if (node.is_table() && section.command == nullptr) continue;
    const auto known = std::find_if(rows.begin(), rows.end(),
                                    [&](const Option* option) { return has_name(*option, key); });
    if (known == rows.end()) return tl::make_unexpected(unknown_key(reading, section, key, node));
    const Option* own = find_option(reading.parsed.command(), key);
    if (own == nullptr || !section.takes(*own) || !belongs_to(reading, section)) continue;
    auto values = values_of(reading, *own, node);
    if (!values) return tl::make_unexpected(std::move(values.error()));
    auto taken =
        reading.parsed.offer(*own, Source::file, reading.place(node, key), std::move(*values));
    if (!taken) return taken;
  }
  return {};
}

// The sections of commands first, then the keys beside them: what is offered first wins.
Checked<void> take_level(const Reading& reading, std::string_view prefix,
                         const toml::table& table) {
  for (const auto& [toml_key, node] : table) {
    const std::string_view key = toml_key.str();
    const toml::table* inner = node.as_table();
    if (inner == nullptr || (prefix.empty() && key == "profile")) continue;
    const Command* command = find_command(reading.all, key);
    if (command == nullptr) {
      return tl::make_unexpected(unknown_key(reading, Section{nullptr, prefix}, key, node));
    }
    if (command->run == nullptr) continue;
    const std::string inner_prefix = fmt::format("{}{}.", prefix, key);
    auto taken = take_keys(reading, Section{command, inner_prefix}, *inner);
    if (!taken) return taken;
  }
  return take_keys(reading, Section{nullptr, prefix}, table);
}

Checked<void> take_profile(const Reading& reading, const toml::table& file,
                           const std::string& name) {
  if (name.empty()) return {};
  const toml::table* profiles = file["profile"].as_table();
  std::vector<std::string_view> names;
  if (profiles != nullptr) {
    for (const auto& [key, node] : *profiles) names.push_back(key.str());
  }
  const toml::table* profile = profiles == nullptr ? nullptr : (*profiles)[name].as_table();
  if (profile == nullptr) {
    return stop(Exit::configuration, fmt::format("{}: no profile '{}'", reading.path, name),
                did_you_mean(name, names));
  }
  return take_level(reading, fmt::format("profile.{}.", name), *profile);
}

}  // namespace

Checked<void> take_file(Parsed& parsed, std::span<const Command* const> all,
                        const ConfigChoice& choice) {
  if (choice.path.empty()) {
    if (choice.profile.empty()) return {};
    return stop(Exit::configuration,
                fmt::format("profile '{}': there is no configuration file", choice.profile),
                "name one with --config");
  }
  auto text = read_file(choice.path, "--config");
  if (!text) return tl::make_unexpected(std::move(text.error()));
  const toml::parse_result result = toml::parse(*text, choice.path);
  if (!result) {
    const toml::parse_error& error = result.error();
    return stop(Exit::configuration, fmt::format("{}:{}: {}", choice.path,
                                                 error.source().begin.line, error.description()));
  }
  const toml::table& file = result.table();
  const Reading reading{parsed, all, choice.path};
  auto taken = take_profile(reading, file, choice.profile);
  if (!taken) return taken;
  return take_level(reading, {}, file);
}

}  // namespace mqz::commands
