// What the broker's tables are compared with: matching as 4.7 says it, written for clearness, and
// random topics and filters from a small alphabet so that they meet often.
#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace mqz::test {

inline std::vector<std::string> levels_of(std::string_view text) {
  std::vector<std::string> levels(1);
  for (const char c : text) {
    if (c == '/') {
      levels.emplace_back();
    } else {
      levels.back() += c;
    }
  }
  return levels;
}

inline bool reference_matches(std::string_view filter, std::string_view topic) {
  const auto wanted = levels_of(filter);
  const auto given = levels_of(topic);
  if (topic.starts_with('$') && (wanted[0] == "+" || wanted[0] == "#")) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "#") return true;
    if (i == given.size() || (wanted[i] != "+" && wanted[i] != given[i])) return false;
    if (i + 1 == given.size() && i + 2 == wanted.size() && wanted[i + 1] == "#") return true;
  }
  return wanted.size() == given.size();
}

class Choices {
 public:
  explicit Choices(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return random_() % limit; }
  bool one_in(std::size_t n) { return below(n) == 0; }

  std::string topic(std::size_t levels_max = 5) {
    std::string text = one_in(12) ? "$SYS" : level();
    for (std::size_t more = below(levels_max); more > 0; --more) text += '/' + level();
    return text;
  }
  std::string filter(std::size_t levels_max = 5) {
    std::string text = one_in(12) ? "$SYS" : one_in(4) ? "+" : level();
    for (std::size_t more = below(levels_max); more > 0; --more)
      text += one_in(3) ? "/+" : '/' + level();
    if (one_in(4)) text += "/#";
    return one_in(30) ? "#" : text;
  }

 private:
  std::string level() {
    static const std::vector<std::string> names = {
        "",   "a",          "b", "c", "d", "temp", "1234567", "12345678", "a rather long level",
        "$x", "temperature"};
    return names[below(names.size())];
  }
  std::mt19937_64 random_;
};

// MQZ_SEED runs one seed again.
inline std::vector<std::uint64_t> seeds(std::size_t count) {
  if (const char* one = std::getenv("MQZ_SEED")) return {std::strtoull(one, nullptr, 10)};
  std::vector<std::uint64_t> list;
  for (std::size_t i = 1; i <= count; ++i) list.push_back(i * 7919);
  return list;
}

}  // namespace mqz::test

#define MQZ_SEED_INFO(seed)                                            \
  INFO("seed " << (seed) << ": MQZ_SEED=" << (seed) << " mqz_tests \"" \
               << Catch::getResultCapture().getCurrentTestName() << '"')
