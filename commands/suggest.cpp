#include "commands/suggest.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace mqz::commands {

namespace {

constexpr std::size_t word_bytes_max = 64;  // nobody means a flag by a longer word
using Row = std::array<std::size_t, word_bytes_max + 1>;

}  // namespace

std::size_t edit_distance(std::string_view from, std::string_view to) {
  from = from.substr(0, word_bytes_max);
  to = to.substr(0, word_bytes_max);
  Row before_last{};
  Row last{};
  Row row{};
  for (std::size_t j = 0; j <= to.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t cost = from[i - 1] == to[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + cost});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last = std::exchange(last, row);
  }
  return last[to.size()];
}

std::string_view closest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best{};
  std::size_t best_distance = 3;
  for (const std::string_view candidate : candidates) {
    const std::size_t longer = std::max(word.size(), candidate.size());
    const std::size_t allowed = std::clamp<std::size_t>(longer / 3, longer >= 2 ? 1 : 0, 2);
    const std::size_t distance = edit_distance(word, candidate);
    if (distance <= allowed && distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates,
                         std::string_view prefix) {
  const std::string_view best = closest(word, candidates);
  return best.empty() ? std::string{} : fmt::format("did you mean '{}{}'?", prefix, best);
}

}  // namespace mqz::commands
