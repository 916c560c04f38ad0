#include "lib/broker/level_texts.h"

#include <algorithm>

namespace mqz::broker {

namespace {

LevelKey long_key(NodeId id) { return (LevelKey{0xFF} << 56U) | id; }

}  // namespace

LevelKey LevelTexts::acquire_long(std::string_view level) {
  const LevelKey known = find_long(level);
  const NodeId id = known == unknown_level ? texts_.allocate() : static_cast<NodeId>(known);
  Text& text = texts_[id];
  ++text.parent;
  if (known == unknown_level) {
    text.chars = std::make_unique_for_overwrite<char[]>(level.size());
    std::copy(level.begin(), level.end(), text.chars.get());
    text.bytes = static_cast<std::uint32_t>(level.size());
    text_bytes_ += level.size();
    by_text_.insert(tag_of(level), id);
  }
  return long_key(id);
}

void LevelTexts::release_long(NodeId id) {
  Text& text = texts_[id];
  if (--text.parent != 0) return;
  by_text_.erase(tag_of({text.chars.get(), text.bytes}), id);
  text_bytes_ -= text.bytes;
  texts_.free(id);
}

LevelKey LevelTexts::find_long(std::string_view level) const {
  const NodeId id = by_text_.find(tag_of(level), [&](NodeId candidate) {
    const Text& text = texts_[candidate];
    return std::string_view(text.chars.get(), text.bytes) == level;
  });
  return id == no_node ? unknown_level : long_key(id);
}

std::size_t LevelTexts::memory_bytes() const {
  return texts_.memory_bytes() + by_text_.memory_bytes() + text_bytes_ + 16 * texts_.live();
}

}  // namespace mqz::broker
