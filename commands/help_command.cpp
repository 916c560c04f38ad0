#include <fmt/core.h>

#include "commands/general_options.h"
#include "commands/help.h"
#include "commands/parsed.h"
#include "commands/suggest.h"
#include "commands/table.h"
#include "commands/version.h"

namespace mqz::commands {

namespace {

constexpr OptionTable tables[] = {general_options};
constexpr Operand operands[] = {
    {.name = "COMMAND", .doc = "and its verb, if it has any", .repeatable = true}};
constexpr Example examples[] = {{"mqz help pub", "as mqz pub --help"}};

int run_help(const Parsed& parsed) {
  std::span<const Command* const> among = all_commands();
  const Command* command = nullptr;
  std::string path;
  for (const std::string& word : parsed.operands()) {
    command = find_command(among, word);
    if (command == nullptr) {
      std::vector<std::string_view> names;
      for (const Command* other : among) names.push_back(other->name);
      return report("help", Stop{Exit::usage, fmt::format("unknown command '{}'", word),
                                 did_you_mean(word, names)});
    }
    if (command->run == nullptr) {
      return report("help",
                    Stop{Exit::usage, fmt::format("'mqz {}' comes with a later part", word)});
    }
    path += (path.empty() ? "" : " ") + word;
    among = command->verbs;
  }
  return print(command == nullptr ? overview(all_commands()) : full_help(*command, path));
}

}  // namespace

constinit const Command help_command{
    .name = "help",
    .summary = "explain a command",
    .usage = "[COMMAND]",
    .examples = examples,
    .tables = tables,
    .operands = operands,
    .run = run_help,
};

}  // namespace mqz::commands
