// The only file that includes CLI11. It is used to take words apart; what it prints, its exit codes
// and its configuration files are not used.
#include "commands/arguments.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>

#include "commands/regroup.h"
#include "commands/suggest.h"

namespace mqz::commands {

namespace {

struct Bound {
  const Option* option = nullptr;
  CLI::Option* parser = nullptr;
};

std::string names_of(const Command& command, const Option& option) {
  std::string names = fmt::format("--{}", option.name);
  const char letter = letter_of(command, option);
  if (letter != 0) names += fmt::format(",-{}", letter);
  for_each_part(option.aliases, ' ',
                [&](std::string_view alias) { names += fmt::format(",--{}", alias); });
  return names;
}

std::vector<Bound> bind(const Command& command, CLI::App& app) {
  std::vector<Bound> bound;
  for_each_option(command, [&](const Option& option) {
    const std::string names = names_of(command, option);
    CLI::Option* parser = option.type == ValueType::flag
                              ? app.add_flag(names)
                              : app.add_option(names, CLI::callback_t{})->allow_extra_args(false);
    parser->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    bound.push_back({&option, parser});
  });
  return bound;
}

std::string pointer_to_help(std::string_view path) {
  return fmt::format("see mqz {} --help", path);
}

Stop unknown_flag(const Command& command, std::string_view path, std::string_view word) {
  std::vector<std::string_view> names;
  for_each_option(command, [&](const Option& option) {
    if (option.hidden) return;
    names.push_back(option.name);
    for_each_part(option.aliases, ' ', [&](std::string_view alias) { names.push_back(alias); });
  });
  const bool is_long = word.starts_with("--");
  const std::string_view name = is_long ? word.substr(2, word.find('=') - 2) : word.substr(1);
  // A secret may stand behind "=": only the name is shown.
  const std::string shown = is_long ? fmt::format("--{}", name) : std::string(word.substr(0, 2));
  std::string meant = did_you_mean(name, names, "--");
  return Stop{Exit::usage, fmt::format("unknown flag '{}'", shown),
              meant.empty() ? pointer_to_help(path) : std::move(meant)};
}

Stop missing_value(const Command& command, std::string_view path, std::string_view last) {
  const Option* option = wants_next_word(command, last);
  if (option == nullptr) return Stop{Exit::usage, "a flag lacks its value", pointer_to_help(path)};
  if (option->letter == 'h' && last == "-h") {
    return Stop{Exit::usage,
                fmt::format("-h needs a {}\nusage: mqz {} {}", option->value, path, command.usage),
                "did you mean --help?"};
  }
  return Stop{Exit::usage, fmt::format("{} needs a value: {}", last, option->value),
              pointer_to_help(path)};
}

// To take one of two would lose the other without a word: `-m first -m second`. A flag says the
// same twice.
Checked<void> check_counts(const std::vector<Arguments::Given>& given, std::string_view path) {
  for (const auto& [option, values] : given) {
    if (option->repeatable || values.size() < 2) continue;
    if (option->type != ValueType::flag) {
      return stop(
          Exit::usage,
          fmt::format("--{} is given {} times and takes one value", option->name, values.size()),
          pointer_to_help(path));
    }
    if (std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) != values.end()) {
      return stop(Exit::usage, fmt::format("--{} is turned on and off", option->name),
                  pointer_to_help(path));
    }
  }
  return {};
}

Checked<void> check_operands(const Command& command, std::string_view path,
                             const std::vector<std::string>& given) {
  std::size_t required = 0;
  for (const Operand& operand : command.operands) required += operand.required ? 1 : 0;
  if (given.size() < required) {
    return stop(Exit::usage, fmt::format("{} is missing", command.operands[given.size()].name),
                pointer_to_help(path));
  }
  const bool open = !command.operands.empty() && command.operands.back().repeatable;
  if (given.size() > command.operands.size() && !open) {
    return stop(Exit::usage, fmt::format("unexpected word '{}'", given[command.operands.size()]),
                fmt::format("usage: mqz {} {}", path, command.usage));
  }
  return {};
}

Checked<std::vector<std::string>> operands_among(const Command& command, std::string_view path,
                                                 const std::vector<std::string>& extras) {
  for (const std::string& word : extras) {
    if (word.size() > 1 && word[0] == '-')
      return tl::make_unexpected(unknown_flag(command, path, word));
  }
  return extras;
}

}  // namespace

Checked<Arguments> read_arguments(const Command& command, std::string_view path,
                                  const std::vector<std::string>& words) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  const std::vector<Bound> bound = bind(command, app);
  Regrouped regrouped = regroup(command, words);
  const std::string last = regrouped.flags.empty() ? std::string{} : regrouped.flags.back();
  try {
    std::reverse(regrouped.flags.begin(), regrouped.flags.end());  // CLI11 pops from the back
    app.parse(regrouped.flags);
  } catch (const CLI::ParseError&) {
    // Nothing is required, typed or excluded there: all that can fail is a value that did not
    // follow.
    return tl::make_unexpected(missing_value(command, path, last));
  }
  Arguments result;
  for (const Bound& each : bound) {
    if (each.parser->count() > 0) result.given.push_back({each.option, each.parser->results()});
  }
  auto operands = operands_among(command, path, app.remaining());
  if (!operands) return tl::make_unexpected(std::move(operands.error()));
  result.operands = std::move(*operands);
  (command.takes_words ? result.words : result.operands)
      .insert(command.takes_words ? result.words.end() : result.operands.end(),
              regrouped.after.begin(), regrouped.after.end());
  const bool asks = std::any_of(result.given.begin(), result.given.end(), [](const auto& given) {
    return given.option->name == "help" || given.option->name == "version";
  });
  if (asks) return result;
  if (auto good = check_counts(result.given, path); !good) return tl::unexpected(good.error());
  const auto checked = check_operands(command, path, result.operands);
  if (!checked) return tl::make_unexpected(checked.error());
  return result;
}

}  // namespace mqz::commands
