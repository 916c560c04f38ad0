#include "commands/dispatch.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "commands/general_options.h"
#include "commands/help.h"
#include "commands/parse.h"
#include "commands/regroup.h"
#include "commands/scrub.h"
#include "commands/suggest.h"
#include "commands/table.h"
#include "commands/version.h"

namespace mqz::commands {

namespace {

constexpr OptionTable general_tables[] = {general_options};
constexpr Command before_command{.tables = general_tables};  // what may stand before the command

// The command (or verb) that the words name, and the words that are left for it.
struct Choice {
  const Command* command = nullptr;
  std::string path{};
  std::vector<std::string> words{};
};

std::vector<std::string_view> names_of(std::span<const Command* const> commands) {
  std::vector<std::string_view> names;
  for (const Command* command : commands) {
    if (!command->hidden) names.push_back(command->name);
  }
  return names;
}

// Near in writing, or a longer word for it: publish, mosquitto_sub.
std::string meant_command(std::string_view word) {
  std::string meant = did_you_mean(word, names_of(all_commands()));
  for (const Command* command : all_commands()) {
    const bool is_part = !command->hidden && word.find(command->name) != std::string_view::npos;
    if (meant.empty() && is_part) meant = fmt::format("did you mean '{}'?", command->name);
  }
  return meant;
}

const Option* option_of_word(const Command& command, std::string_view word) {
  if (word.starts_with("--")) return find_option(command, word.substr(2, word.find('=') - 2));
  return word.size() < 2 ? nullptr : find_option(command, word[1]);
}

// The last that takes such a flag, but rather one that stands among the words: for --host it is
// sub.
const Command* command_with_flag(std::string_view flag, const std::vector<std::string>& words) {
  const Command* best = nullptr;
  bool is_named = false;
  for (const Command* command : all_commands()) {
    const Option* option = option_of_word(*command, flag);
    if (command->hidden || command->run == nullptr || option == nullptr || option->name == "help")
      continue;
    const bool named = std::find(words.begin(), words.end(), command->name) != words.end();
    if (is_named && !named) continue;
    best = command;
    is_named = named;
  }
  return best;
}

// A flag of a command before the command: its value would be taken for the command.
Stop misplaced_flag(const std::vector<std::string>& words, std::size_t at) {
  const std::string& word = words[at];
  const bool is_long = word.starts_with("--");
  const std::string shown = word.substr(0, is_long ? std::min(word.find('='), word.size()) : 2);
  const Command* command = command_with_flag(word, words);
  if (command == nullptr) {
    return Stop{Exit::usage, fmt::format("unknown flag '{}' before a command", shown),
                "mqz COMMAND [flags]; see mqz --help"};
  }
  const Option* option = option_of_word(*command, word);
  const bool has_value = wants_next_word(*command, word) != nullptr && at + 1 < words.size() &&
                         !option->secret && option->type != ValueType::url;
  return Stop{Exit::usage,
              fmt::format("'{}' stands before the command, and belongs behind it", shown),
              fmt::format("mqz {} {}{}{}", command->name, shown, has_value ? " " : "",
                          has_value ? words[at + 1] : "")};
}

// The index of the first word that is neither a general flag nor its value.
Checked<std::size_t> find_command_word(const std::vector<std::string>& words) {
  std::size_t at = 0;
  while (at < words.size() && words[at].starts_with('-')) {
    if (option_of_word(before_command, words[at]) == nullptr)
      return tl::unexpected(misplaced_flag(words, at));
    at += wants_next_word(before_command, words[at]) != nullptr ? 2 : 1;
  }
  const bool is_host = at > 0 && at < words.size() && words[at - 1] == "-h" &&
                       find_command(all_commands(), words[at]) == nullptr;
  if (is_host) return tl::unexpected(misplaced_flag(words, at - 1));
  return at;
}

// It takes no words but verbs.
bool is_meant_as_verb(const Command& command, const std::string& word) {
  return !command.verbs.empty() && command.operands.empty() && !word.empty() && word[0] != '-';
}

Checked<Choice> choose(const std::vector<std::string>& words) {
  const auto found = find_command_word(words);
  if (!found) return tl::unexpected(found.error());
  std::size_t at = *found;
  if (at >= words.size()) return Choice{};
  const auto all = all_commands();
  Choice choice{find_command(all, words[at]),
                words[at],
                {words.begin(), words.begin() + static_cast<std::ptrdiff_t>(at)}};
  if (choice.command == nullptr) {
    std::string meant = meant_command(words[at]);
    return stop(Exit::usage, fmt::format("unknown command '{}'", words[at]),
                meant.empty() ? "see mqz --help" : std::move(meant));
  }
  for (++at; at < words.size(); ++at) {
    const Command* verb = find_command(choice.command->verbs, words[at]);
    if (verb == nullptr && is_meant_as_verb(*choice.command, words[at])) {
      std::string meant = did_you_mean(words[at], names_of(choice.command->verbs));
      return stop(Exit::usage, fmt::format("unknown verb '{}' of mqz {}", words[at], choice.path),
                  meant.empty() ? fmt::format("see mqz {} --help", choice.path) : std::move(meant));
    }
    if (verb == nullptr) break;
    choice.path += ' ' + words[at];
    choice.command = verb;
  }
  choice.words.insert(choice.words.end(), words.begin() + static_cast<std::ptrdiff_t>(at),
                      words.end());
  if (choice.command->run == nullptr) {
    return stop(Exit::usage,
                fmt::format("'mqz {}' is not built yet: it comes with a later part", choice.path),
                "mqz --help lists what works");
  }
  return choice;
}

// Without a command: "mqz", "mqz --help", "mqz --version".
int answer_alone(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "--version") return print(version_line());
    if (word != "--help" && word != "-h") {
      return report(
          {}, Stop{Exit::usage, fmt::format("'{}' without a command", word), "see mqz --help"});
    }
  }
  return print(overview(all_commands()));
}

int run(const Choice& choice, const Surroundings& surroundings, std::span<char* const> argv) {
  auto outcome = parse(*choice.command, choice.path, all_commands(), choice.words, surroundings);
  if (!outcome) return report(choice.path, outcome.error());
  const Parsed& parsed = outcome->parsed;
  scrub(parsed, argv);
  if (parsed.flag("help")) return print(full_help(*choice.command, choice.path));
  if (parsed.flag("version")) return print(version_line());
  if (!parsed.flag("quiet")) {
    for (const std::string& text : outcome->notes) note(choice.path, text);
  }
  return choice.command->run(parsed);
}

}  // namespace

int dispatch(int argc, char** argv, char** environment) {
  const std::span<char* const> arguments(argv, static_cast<std::size_t>(argc));
  std::vector<std::string> words;
  for (const char* word : arguments.subspan(arguments.empty() ? 0 : 1)) words.emplace_back(word);
  Surroundings surroundings;
  for (char** line = environment; line != nullptr && *line != nullptr; ++line) {
    surroundings.environment.emplace_back(*line);
  }
  const auto choice = choose(words);
  if (!choice) return report({}, choice.error());
  if (choice->command == nullptr) return answer_alone(words);
  return run(*choice, surroundings, arguments);
}

}  // namespace mqz::commands
