// The levels of topics as numbers. A level of up to seven bytes is its own number; a longer one is
// kept here once, however many nodes have it, and its number is its place. Equal text, equal
// number.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "lib/base/hash.h"
#include "lib/broker/node_pool.h"
#include "lib/broker/tag_table.h"

namespace mqz::broker {

static_assert(std::endian::native == std::endian::little, "level keys are read as their text");

using LevelKey = std::uint64_t;
inline constexpr std::size_t short_level_bytes = 7;
// What find says for a level that is not kept: equal to no key of a node.
inline constexpr LevelKey unknown_level = LevelKey{0xFE} << 56U;

// The key of a level of up to seven bytes: its text, then its length.
inline LevelKey short_key(std::string_view level) {
  LevelKey key = 0;
  for (std::size_t i = level.size(); i > 0; --i) {
    key = (key << 8U) | static_cast<unsigned char>(level[i - 1]);
  }
  return key | (static_cast<LevelKey>(level.size()) << 56U);
}

// Calls each(level, key) for the levels of a topic or filter in their order, in one pass: the key
// is short_key of a level of up to seven bytes, and means nothing for a longer one. Returns the
// number of levels.
template <typename Each>
std::size_t for_each_level(std::string_view text, Each&& each) {
  std::size_t count = 1;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data();; ++at, ++count) {
    const char* const begin = at;
    LevelKey key = 0;
    for (unsigned shift = 0; at != end && *at != '/'; ++at, shift += 8) {
      if (shift < 56) key |= static_cast<LevelKey>(static_cast<unsigned char>(*at)) << shift;
    }
    const auto bytes = static_cast<std::size_t>(at - begin);
    each(std::string_view(begin, bytes), key | (static_cast<LevelKey>(bytes) << 56U));
    if (at == end) return count;
  }
}

class LevelTexts {
 public:
  explicit LevelTexts(KeyedHash hash) : hash_(hash) {}

  // The key of a level that is about to be used by one more node, or no longer by one.
  LevelKey acquire(std::string_view level) {
    return level.size() <= short_level_bytes ? short_key(level) : acquire_long(level);
  }
  void release(LevelKey key) {
    if (is_long(key)) release_long(static_cast<NodeId>(key));
  }
  // The key if some node may have it, else unknown_level.
  LevelKey find(std::string_view level) const {
    return level.size() <= short_level_bytes ? short_key(level) : find_long(level);
  }
  // Lives as long as the variable that holds the key, and until the level is released.
  std::string_view text(const LevelKey& key) const {
    if (!is_long(key))
      return {reinterpret_cast<const char*>(&key), static_cast<std::size_t>(key >> 56U)};
    const Text& kept = texts_[static_cast<NodeId>(key)];
    return {kept.chars.get(), kept.bytes};
  }
  std::size_t memory_bytes() const;

 private:
  struct Text {
    std::unique_ptr<char[]> chars{};
    NodeId parent = no_node;  // the pool's link; else the number of nodes that use the text
    std::uint32_t bytes = 0;
  };
  static bool is_long(LevelKey key) { return key >> 56U == 0xFF; }
  LevelKey acquire_long(std::string_view level);
  void release_long(NodeId id);
  LevelKey find_long(std::string_view level) const;
  std::uint32_t tag_of(std::string_view level) const {
    return static_cast<std::uint32_t>(hash_.of(level) >> 32U);
  }

  KeyedHash hash_;
  NodePool<Text> texts_{};
  TagTable by_text_{};
  std::size_t text_bytes_ = 0;
};

}  // namespace mqz::broker
