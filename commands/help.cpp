#include "commands/help.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "commands/environment.h"
#include "commands/exit_codes.h"

namespace mqz::commands {

namespace {

constexpr std::size_t width_max = 80;
constexpr std::size_t doc_column = 30;  // where explanations begin

// Appends `text` in lines of width_max, all indented to `column` but the first, which begins at
// `at`.
void append_wrapped(std::string& to, std::string_view text, std::size_t at, std::size_t column) {
  for_each_part(text, ' ', [&](std::string_view word) {
    if (at > column && at + 1 + word.size() > width_max) {
      to += '\n';
      to.append(column, ' ');
      at = column;
    }
    if (at > column) {
      to += ' ';
      ++at;
    }
    to += word;
    at += word.size();
  });
  to += '\n';
}

// "  left      explanation", the explanation below when `left` is too long for its column.
void append_row(std::string& to, std::string_view left, std::string_view text,
                std::size_t column = doc_column) {
  to += "  ";
  to += left;
  const std::size_t at = 2 + left.size();
  if (at + 2 > column) {
    to += '\n';
    to.append(column, ' ');
  } else {
    to.append(column - at, ' ');
  }
  append_wrapped(to, text, column, column);
}

std::string flag_of(const Command& command, const Option& option) {
  const char letter = letter_of(command, option);
  std::string flag = letter != 0 ? fmt::format("-{}, ", letter) : std::string(4, ' ');
  flag += fmt::format("--{}", option.name);
  if (!option.value.empty()) flag += fmt::format(" {}", option.value);
  return flag;
}

std::string text_of(const Option& option, std::string_view command) {
  std::string text(option.doc);
  std::vector<std::string> facts;
  if (!option.choices.empty()) {
    std::string choices(option.choices);
    std::replace(choices.begin(), choices.end(), '|', ' ');
    facts.push_back(fmt::format("one of {}", choices));
  }
  if (option.repeatable) facts.emplace_back("may be repeated");
  if (!option.fallback.empty()) facts.push_back(fmt::format("default {}", option.fallback));
  for_each_part(option.aliases, ' ',
                [&](std::string_view alias) { facts.push_back(fmt::format("also --{}", alias)); });
  const std::string variable = variable_of(command, option);
  if (!variable.empty()) facts.push_back(variable);
  std::string_view before = " (";
  for (const std::string& fact : facts) {
    fmt::format_to(std::back_inserter(text), "{}{}", before, fact);
    before = "; ";
  }
  if (!facts.empty()) text += ')';
  return text;
}

std::vector<std::string_view> groups_of(const Command& command) {
  std::vector<std::string_view> groups;
  for_each_option(command, [&](const Option& option) {
    const bool seen = std::find(groups.begin(), groups.end(), option.group) != groups.end();
    if (!option.hidden && !seen) groups.push_back(option.group);
  });
  return groups;
}

void append_examples(std::string& to, const Command& command) {
  if (command.examples.empty()) return;
  to += "\nexamples:\n";
  for (const Example& example : command.examples) {
    append_row(to, example.line, example.doc, 44);
  }
}

void append_flags(std::string& to, const Command& command, std::string_view path) {
  const std::string_view first_word = path.substr(0, path.find(' '));
  for (const std::string_view group : groups_of(command)) {
    fmt::format_to(std::back_inserter(to), "\n{}:\n", group);
    for_each_option(command, [&](const Option& option) {
      if (option.hidden || option.group != group) return;
      append_row(to, flag_of(command, option), text_of(option, first_word));
    });
  }
}

void append_exit_codes(std::string& to, std::span<const ExitRow> rows, std::string_view by_signal) {
  to += "\nexit codes:\n";
  for (const ExitRow& row : rows) {
    append_row(to, fmt::format("{}", static_cast<int>(row.code)), row.meaning, 9);
  }
  if (!by_signal.empty()) append_row(to, "128+n", by_signal, 9);
}

void append_commands(std::string& to, std::span<const Command* const> commands) {
  for (const Command* command : commands) {
    if (command->hidden || command->run == nullptr) continue;
    append_row(to, command->name, command->summary, 14);
  }
}

std::string usage_line(const Command& command, std::string_view path) {
  return fmt::format("usage: mqz {} {}\n", path, command.usage);
}

}  // namespace

std::string overview(std::span<const Command* const> all) {
  std::string text =
      "mqz: messages, locks, elections and logs for a fleet of machines\n\n"
      "usage: mqz COMMAND [flags]\n\ncommands:\n";
  append_commands(text, all);
  text +=
      "\n'mqz COMMAND --help' tells the rest.\n\n"
      "A setting is taken from the flag, else from the environment (MQZ_HOST, MQZ_PUB_QOS),\n"
      "else from --config FILE, $XDG_CONFIG_HOME/mqz/config.toml or /etc/mqz/config.toml,\n"
      "else it is the default.\n";
  append_exit_codes(text, exit_rows, "signal n stopped the work before it was done");
  return text;
}

std::vector<ExitRow> exits_of(const Command& command) {
  std::vector<ExitRow> rows(command.exits.begin(), command.exits.end());
  for (const ExitRow& common : common_exits) {
    const bool has_own = std::any_of(rows.begin(), rows.end(),
                                     [&](const ExitRow& row) { return row.code == common.code; });
    if (!has_own) rows.push_back(common);
  }
  std::sort(rows.begin(), rows.end(),
            [](const ExitRow& one, const ExitRow& other) { return one.code < other.code; });
  return rows;
}

std::string full_help(const Command& command, std::string_view path) {
  std::string text =
      fmt::format("mqz {}: {}\n\n{}", path, command.summary, usage_line(command, path));
  if (!command.operands.empty()) text += '\n';
  for (const Operand& operand : command.operands) append_row(text, operand.name, operand.doc);
  append_examples(text, command);
  if (!command.verbs.empty()) text += "\nverbs:\n";
  append_commands(text, command.verbs);
  append_flags(text, command, path);
  if (!command.notes.empty()) fmt::format_to(std::back_inserter(text), "\n{}\n", command.notes);
  append_exit_codes(text, exits_of(command), command.by_signal);
  return text;
}

std::string short_help(const Command& command, std::string_view path) {
  std::string text = usage_line(command, path);
  append_examples(text, command);
  fmt::format_to(std::back_inserter(text), "\n'mqz {} --help' tells the rest.\n", path);
  return text;
}

}  // namespace mqz::commands
