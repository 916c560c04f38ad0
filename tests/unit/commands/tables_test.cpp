// Holds for every command, also those that are added later.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cctype>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "commands/complete.h"
#include "commands/environment.h"
#include "commands/exit_codes.h"
#include "commands/help.h"
#include "commands/table.h"
#include "commands/values.h"

using namespace mqz::commands;

namespace {

struct Named {
  const Command* command = nullptr;
  std::string path{};
};

void append(const Command& command, const std::string& path, std::vector<Named>& to) {
  if (command.run != nullptr) to.push_back({&command, path});
  for (const Command* verb : command.verbs) append(*verb, path + " " + std::string(verb->name), to);
}

std::vector<Named> built_commands() {
  std::vector<Named> result;
  for (const Command* command : all_commands())
    append(*command, std::string(command->name), result);
  return result;
}

bool is_flag_name(std::string_view name) {
  if (name.size() < 2 || !std::islower(static_cast<unsigned char>(name[0]))) return false;
  for (const char c : name) {
    if (!std::islower(static_cast<unsigned char>(c)) &&
        !std::isdigit(static_cast<unsigned char>(c)) && c != '-')
      return false;
  }
  return true;
}

}  // namespace

TEST_CASE("every command is there, with a summary", "[commands]") {
  std::set<std::string_view> names;
  for (const Command* command : all_commands()) {
    CAPTURE(command->name);
    CHECK(names.insert(command->name).second);
    CHECK_FALSE(command->summary.empty());
    CHECK_FALSE(command->summary.ends_with('.'));
  }
  for (const auto* name : {"broker", "pub", "sub", "elect", "lock", "replog", "informer", "help",
                           "version", "completion"}) {
    CAPTURE(name);
    CHECK(names.count(name) == 1);
  }
}

TEST_CASE("no command has two options of one name or letter", "[commands]") {
  for (const Named& named : built_commands()) {
    CAPTURE(named.path);
    std::set<std::string> names;
    std::set<char> letters;
    for_each_option(*named.command, [&](const Option& option) {
      CAPTURE(option.name);
      CHECK(names.insert(std::string(option.name)).second);
      for_each_part(option.aliases, ' ', [&](std::string_view alias) {
        CHECK(is_flag_name(alias));
        CHECK(names.insert(std::string(alias)).second);
      });
      const char letter = letter_of(*named.command, option);
      if (letter != 0) CHECK(letters.insert(letter).second);
    });
    CHECK(names.count("help") == 1);
    CHECK(names.count("quiet") == 1);
  }
}

TEST_CASE("every option is documented and consistent", "[commands]") {
  for (const Named& named : built_commands()) {
    for_each_option(*named.command, [&](const Option& option) {
      CAPTURE(named.path, option.name);
      CHECK(is_flag_name(option.name));
      CHECK_FALSE(option.doc.empty());
      CHECK_FALSE(option.doc.ends_with('.'));
      CHECK_FALSE(option.group.empty());
      CHECK(option.value.empty() == (option.type == ValueType::flag));
      CHECK(option.choices.empty() == (option.type != ValueType::choice));
      CHECK(option.min <= option.max);
      if (!option.fallback.empty()) CHECK_FALSE(complaint(option, option.fallback));
      if (option.secret) CHECK(option.type == ValueType::text);
    });
  }
}

TEST_CASE("the help of every command shows every flag, its variable and the exit codes",
          "[commands]") {
  for (const Named& named : built_commands()) {
    const std::string text = full_help(*named.command, named.path);
    CAPTURE(named.path, text);
    CHECK(text.find("usage: mqz " + named.path) != std::string::npos);
    for_each_option(*named.command, [&](const Option& option) {
      if (option.hidden) return;
      CHECK(text.find("--" + std::string(option.name)) != std::string::npos);
      const auto first_word = named.path.substr(0, named.path.find(' '));
      CHECK(text.find(variable_of(first_word, option)) != std::string::npos);
    });
    const std::string exits = text.substr(text.find("exit codes:"));
    const auto tells = [&](Exit code) {
      return exits.find("\n  " + std::to_string(static_cast<int>(code)) + " ") != std::string::npos;
    };
    for (const ExitRow& row : exit_rows) {
      const auto is_row = [&](const ExitRow& other) { return other.code == row.code; };
      CAPTURE(static_cast<int>(row.code));
      CHECK(tells(row.code) ==
            (std::any_of(std::begin(common_exits), std::end(common_exits), is_row) ||
             std::any_of(named.command->exits.begin(), named.command->exits.end(), is_row)));
    }
    CHECK((exits.find("128+n") != std::string::npos) == !named.command->by_signal.empty());
    CHECK(text.find(" \n") == std::string::npos);
    if (!named.command->hidden) CHECK_FALSE(named.command->examples.empty());
  }
}

TEST_CASE("examples and usage name flags that exist", "[commands]") {
  for (const Named& named : built_commands()) {
    std::vector<std::string> texts{std::string(named.command->usage)};
    for (const Example& example : named.command->examples) texts.emplace_back(example.line);
    for (const std::string& text : texts) {
      CAPTURE(named.path, text);
      for (auto at = text.find(" --"); at != std::string::npos; at = text.find(" --", at + 1)) {
        const auto end = std::min(text.find_first_of(" =]|", at + 3), text.size());
        const std::string name = text.substr(at + 3, end - at - 3);
        CAPTURE(name);
        if (!name.empty()) CHECK(find_option(*named.command, name) != nullptr);
      }
    }
  }
}

TEST_CASE("the overview lists what works and nothing else", "[commands]") {
  const std::string text = overview(all_commands());
  for (const Command* command : all_commands()) {
    CAPTURE(command->name);
    const bool listed = text.find("\n  " + std::string(command->name) + " ") != std::string::npos;
    CHECK(listed == (command->run != nullptr && !command->hidden));
  }
}

TEST_CASE("the first word completes to commands, a dash to flags, a choice to its values",
          "[commands]") {
  const auto words_of = [](const Completion& completion) {
    std::vector<std::string> words;
    for (const auto& candidate : completion.candidates) words.push_back(candidate.word);
    return words;
  };
  using Words = std::vector<std::string>;
  CHECK(words_of(complete(all_commands(), {"vers"})) == Words{"version"});
  CHECK(words_of(complete(all_commands(), {"version", "--j"})) == Words{"--json"});
  CHECK(words_of(complete(all_commands(), {"version", "--color", ""})) ==
        Words{"auto", "always", "never"});
  CHECK(words_of(complete(all_commands(), {"help", "compl"})) == Words{"completion"});
  CHECK(complete(all_commands(), {"version", "--config", ""}).directive == 0);
  CHECK(complete(all_commands(), {"version", ""}).directive == directive_no_files);
  CHECK(words_of(complete(all_commands(), {})).size() >= 3);
}
