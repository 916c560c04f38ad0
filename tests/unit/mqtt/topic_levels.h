// The rules of topics and filters once more, level by level as 4.7 words them: slow and simple, for
// tests and fuzzers to compare with.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mqz::mqtt::testing {

using Levels = std::vector<std::string>;

inline Levels levels_of(const std::string& text) {
  Levels levels{""};
  for (const char letter : text) {
    if (letter == '/') {
      levels.emplace_back();
    } else {
      levels.back() += letter;
    }
  }
  return levels;
}

inline bool matches_from(const Levels& filter, std::size_t f, const Levels& topic, std::size_t t) {
  if (f == filter.size()) return t == topic.size();
  if (filter[f] == "#") return true;
  if (t == topic.size()) return false;
  return (filter[f] == "+" || filter[f] == topic[t]) && matches_from(filter, f + 1, topic, t + 1);
}

// Both valid.
inline bool matches_by_levels(const std::string& filter, const std::string& topic) {
  if (topic[0] == '$' && (filter[0] == '+' || filter[0] == '#')) return false;
  return matches_from(levels_of(filter), 0, levels_of(topic), 0);
}

// Are + and # where they may be?
inline bool is_filter_by_levels(const std::string& filter) {
  const Levels levels = levels_of(filter);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i].find('+') != std::string::npos && levels[i] != "+") return false;
    if (levels[i].find('#') == std::string::npos) continue;
    if (levels[i] != "#" || i + 1 != levels.size()) return false;
  }
  return true;
}

}  // namespace mqz::mqtt::testing
