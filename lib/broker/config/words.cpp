#include "lib/broker/config/words.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "lib/base/nearest.h"
#include "lib/broker/config/word_tables.h"

namespace mqz::broker {

namespace {

// Spellings of older Mosquittos, and second names.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> other_names = {{
    {"addresses", "address"},
    {"clientid", "remote_clientid"},
    {"maximum_qos", "max_qos"},
    {"password", "remote_password"},
    {"retained_persistence", "persistence"},
    {"username", "remote_username"},
    {"websockets_headers_size", "packet_buffer_size"},
    {"auth_plugin", "plugin"},
}};

std::vector<Word> sorted_words() {
  std::vector<Word> all(working_words().begin(), working_words().end());
  all.insert(all.end(), words_to_come().begin(), words_to_come().end());
  std::sort(all.begin(), all.end(), [](const Word& a, const Word& b) { return a.name < b.name; });
  return all;
}

bool is_named(const Word& word, std::string_view name) {
  if (!word.name.ends_with('*')) return word.name == name;
  const std::string_view family = word.name.substr(0, word.name.size() - 1);
  return name.starts_with(family) && name.size() > family.size();
}

}  // namespace

std::span<const Word> words() {
  static const std::vector<Word> all = sorted_words();
  return all;
}

const Word* find_word(std::string_view name) {
  for (const auto& [other, today] : other_names) {
    if (name == other) name = today;
  }
  const auto found = std::find_if(words().begin(), words().end(),
                                  [&](const Word& word) { return is_named(word, name); });
  return found == words().end() ? nullptr : &*found;
}

std::string_view nearest_config_word(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Word& word : words()) {
    if (word.status == WordStatus::works) names.push_back(word.name);
  }
  return nearest_word(name, names);
}

}  // namespace mqz::broker
