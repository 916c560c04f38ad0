#include "lib/base/nearest.h"

#include <algorithm>
#include <array>

namespace mqz {

namespace {

constexpr std::size_t bytes_max = 64;
constexpr std::size_t edits_max = 3;

}  // namespace

std::size_t edit_distance(std::string_view from, std::string_view to) {
  from = from.substr(0, bytes_max);
  to = to.substr(0, bytes_max);
  std::array<std::array<std::size_t, bytes_max + 1>, 3> rows{};
  for (std::size_t j = 0; j <= to.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) row[j] = std::min(row[j], two_above[j - 2] + 1);
    }
  }
  return rows[from.size() % 3][to.size()];
}

std::string_view nearest_word(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view nearest;
  std::size_t least = edits_max + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t longer = std::max(word.size(), candidate.size());
    if (longer - std::min(word.size(), candidate.size()) > edits_max) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < least && distance * 3 <= longer) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace mqz
