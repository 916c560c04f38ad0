// Counts instead of messages: how many came in the last second, and which topics had most.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace mqz::commands {

class MessageTally {
 public:
  void count(std::string_view topic, bool by_topic);

  // How many since the last call.
  std::uint64_t take_recent();
  // "   1234 topic" per line, most first, at most `lines`. Topics beyond the first 100 000 are
  // counted together, as "(others)".
  std::string top(std::size_t lines) const;

 private:
  std::uint64_t recent_ = 0;
  std::uint64_t others_ = 0;
  std::unordered_map<std::string, std::uint64_t> topics_{};
};

}  // namespace mqz::commands
