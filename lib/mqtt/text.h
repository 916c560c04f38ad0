// The question asked of every topic and text on the hot path: is it plain ASCII that needs no
// closer look? Eight bytes at a time; a "no" only means that the slow rules of topic.cpp must
// decide.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace mqz::mqtt {

namespace text_words {

inline constexpr std::uint64_t ones = 0x0101'0101'0101'0101U;
inline constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080U;

template <typename Word>
Word load(const char* at) {
  Word word{};
  std::memcpy(&word, at, sizeof word);
  return word;
}

// A word that has a high bit set where a byte is zero (and perhaps in bytes above such a one).
constexpr std::uint64_t zero_bytes(std::uint64_t word) { return (word - ones) & ~word & high_bits; }

// No byte is U+0000 or begins a multi-byte character.
struct PlainText {
  bool operator()(std::uint64_t word) const { return (zero_bytes(word) | (word & high_bits)) == 0; }
};

// Nor a wildcard: + (0x2B) and # (0x23) differ only in 0x08, so one comparison finds both.
struct PlainTopic {
  bool operator()(std::uint64_t word) const {
    const std::uint64_t wildcards = zero_bytes((word | (ones * 0x08U)) ^ (ones * 0x2BU));
    return (zero_bytes(word) | wildcards | (word & high_bits)) == 0;
  }
};

// Texts shorter than a word are padded with 'a', which is plain for every test.
template <typename Test>
bool holds_short(const char* at, std::size_t size, Test test) {
  constexpr std::uint64_t padding = ones * 0x61U;
  if (size >= 4) {
    const std::uint64_t low = load<std::uint32_t>(at);
    const std::uint64_t high = load<std::uint32_t>(at + size - 4);
    return test(low | (high << 32U));
  }
  std::uint64_t word = padding;
  for (std::size_t i = 0; i < size; ++i) {
    word = (word << 8U) | static_cast<unsigned char>(at[i]);
  }
  return test(word);
}

template <typename Test>
bool holds(std::string_view text, Test test) {
  const char* at = text.data();
  const std::size_t size = text.size();
  if (size < 8) return holds_short(at, size, test);
  const char* const last = at + size - 8;
  for (; at < last; at += 8) {
    if (!test(load<std::uint64_t>(at))) return false;
  }
  return test(load<std::uint64_t>(last));
}

}  // namespace text_words

// ASCII without U+0000: valid text.
inline bool is_plain_text(std::string_view text) {
  return text_words::holds(text, text_words::PlainText{});
}

// ASCII without U+0000, + and #: a valid topic unless empty.
inline bool is_plain_topic(std::string_view topic) {
  return text_words::holds(topic, text_words::PlainTopic{});
}

}  // namespace mqz::mqtt
