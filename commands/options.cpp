#include "commands/options.h"

namespace mqz::commands {

const Option* find_option(const Command& command, std::string_view name) {
  const Option* found = nullptr;
  for_each_option(command, [&](const Option& option) {
    bool same = option.name == name;
    for_each_part(option.aliases, ' ',
                  [&](std::string_view alias) { same = same || alias == name; });
    if (same && found == nullptr) found = &option;
  });
  return found;
}

const Option* find_option(const Command& command, char letter) {
  const Option* found = nullptr;
  for_each_option(command, [&](const Option& option) {
    if (found == nullptr && letter != 0 && letter_of(command, option) == letter) found = &option;
  });
  return found;
}

char letter_of(const Command& command, const Option& option) {
  if (option.letter != 'h' || option.name != "help") return option.letter;
  bool taken = false;
  for_each_option(command, [&](const Option& other) {
    taken = taken || (other.letter == 'h' && other.name != "help");
  });
  return taken ? '\0' : 'h';
}

const Command* find_command(std::span<const Command* const> among, std::string_view name) {
  for (const Command* command : among) {
    if (command->name == name) return command;
  }
  return nullptr;
}

}  // namespace mqz::commands
