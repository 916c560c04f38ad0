#include "commands/regroup.h"

#include <algorithm>

#include "commands/values.h"

namespace mqz::commands {

namespace {

bool takes_value(const Option* option) {
  return option != nullptr && option->type != ValueType::flag;
}

// Joins the three or four words of a property that start at `at`; returns how many there were.
std::size_t join_property(const std::vector<std::string>& words, std::size_t at,
                          std::string& joined) {
  const bool user = at + 1 < words.size() && words[at + 1] == "user-property";
  const std::size_t count = std::min<std::size_t>(user ? 4 : 3, words.size() - at);
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) joined += word_separator;
    joined += words[at + i];
  }
  return count;
}

}  // namespace

const Option* wants_next_word(const Command& command, std::string_view word) {
  if (word.size() < 2 || word[0] != '-' || word == "--") return nullptr;
  if (word[1] == '-') {
    const Option* option = find_option(command, word.substr(2));
    return takes_value(option) ? option : nullptr;
  }
  for (std::size_t i = 1; i < word.size(); ++i) {
    const Option* option = find_option(command, word[i]);
    if (takes_value(option)) return i + 1 == word.size() ? option : nullptr;
  }
  return nullptr;
}

Regrouped regroup(const Command& command, const std::vector<std::string>& words) {
  Regrouped result;
  std::size_t at = 0;
  while (at < words.size()) {
    const std::string& word = words[at++];
    if (word == "--") {
      result.after.assign(words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
      break;
    }
    const Option* option = wants_next_word(command, word);
    if (option != nullptr) {
      result.flags.push_back(word);
      if (at == words.size()) break;
      std::string value;
      if (option->type == ValueType::property) {
        at += join_property(words, at, value);
      } else {
        value = words[at++];
      }
      result.flags.push_back(std::move(value));
      continue;
    }
    if (word.size() > 3 && word.starts_with("--") && word.ends_with('=') &&
        word.find('=') + 1 == word.size() &&
        takes_value(find_option(command, std::string_view(word).substr(2, word.size() - 3)))) {
      result.flags.push_back(word.substr(0, word.size() - 1));
      result.flags.emplace_back();
      continue;
    }
    result.flags.push_back(word);
  }
  return result;
}

}  // namespace mqz::commands
