#include "commands/message_tally.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace mqz::commands {
namespace {

constexpr std::size_t topics_max = 100'000;

}  // namespace

void MessageTally::count(std::string_view topic, bool by_topic) {
  ++recent_;
  if (!by_topic) return;
  std::string name(topic);
  const auto known = topics_.find(name);
  if (known != topics_.end()) {
    ++known->second;
  } else if (topics_.size() < topics_max) {
    topics_.emplace(std::move(name), 1);
  } else {
    ++others_;
  }
}

std::uint64_t MessageTally::take_recent() { return std::exchange(recent_, 0); }

std::string MessageTally::top(std::size_t lines) const {
  using Row = std::pair<std::uint64_t, std::string_view>;
  std::vector<Row> rows;
  for (const auto& [topic, count] : topics_) rows.emplace_back(count, topic);
  if (others_ > 0) rows.emplace_back(others_, "(others)");
  const std::size_t shown = std::min(lines, rows.size());
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(shown), rows.end(),
                    [](const Row& a, const Row& b) {
                      return a.first != b.first ? a.first > b.first : a.second < b.second;
                    });
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    text += fmt::format("{:>9} {}\n", rows[i].first, rows[i].second);
  }
  return text;
}

}  // namespace mqz::commands
