#include "commands/complete.h"

#include <string_view>

#include "commands/regroup.h"

namespace mqz::commands {

namespace {

void add(Completion& to, std::string_view typed, std::string_view word, std::string_view doc) {
  if (word.starts_with(typed)) to.candidates.push_back({std::string(word), std::string(doc)});
}

Completion commands_for(std::span<const Command* const> among, std::string_view typed) {
  Completion result{{}, directive_no_files};
  for (const Command* command : among) {
    if (!command->hidden && command->run != nullptr)
      add(result, typed, command->name, command->summary);
  }
  return result;
}

Completion flags_for(const Command& command, std::string_view typed) {
  Completion result{{}, directive_no_files};
  for_each_option(command, [&](const Option& option) {
    if (!option.hidden) add(result, typed, "--" + std::string(option.name), option.doc);
  });
  return result;
}

Completion values_for(const Option& option, std::string_view typed) {
  Completion result{{}, option.type == ValueType::file ? 0 : directive_no_files};
  for_each_part(option.choices, '|',
                [&](std::string_view choice) { add(result, typed, choice, {}); });
  return result;
}

}  // namespace

Completion complete(std::span<const Command* const> all, const std::vector<std::string>& words) {
  const std::string typed = words.empty() ? std::string{} : words.back();
  const Command* command = nullptr;
  std::span<const Command* const> among = all;
  std::size_t at = 0;
  for (; at + 1 < words.size(); ++at) {
    const Command* next = find_command(among, words[at]);
    if (next == nullptr) break;
    command = next;
    among = next->verbs;
  }
  if (command == nullptr) return commands_for(all, typed);
  if (words.size() > 1) {
    const Option* option = wants_next_word(*command, words[words.size() - 2]);
    if (option != nullptr) return values_for(*option, typed);
  }
  if (typed.starts_with('-')) return flags_for(*command, typed);
  if (command->name == "help") return commands_for(all, typed);
  if (at + 1 == words.size() && !command->verbs.empty()) return commands_for(command->verbs, typed);
  return Completion{{}, command->takes_words ? 0 : directive_no_files};
}

}  // namespace mqz::commands
