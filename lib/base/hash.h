// Keyed hashing for tables that outsiders fill: without the seed nobody can choose colliding keys.
// Not for anything that is stored or sent: values may differ between builds.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace mqz {

class KeyedHash {
 public:
  explicit KeyedHash(std::uint64_t seed)
      : key_(fold(seed ^ 0x9E3779B97F4A7C15U, 0xD1342543DE82EF95U) | 1U),
        state_(fold(seed ^ 0xBF58476D1CE4E5B9U, 0x94D049BB133111EBU)) {}

  std::uint64_t of(std::uint64_t a, std::uint64_t b = 0) const {
    return fold(fold(a ^ state_, key_) ^ b ^ (state_ >> 32U), key_ ^ 0xA0761D6478BD642EU);
  }

  std::uint64_t of(std::string_view text) const {
    std::uint64_t hash = of(text.size());
    const char* at = text.data();
    std::size_t left = text.size();
    for (; left >= 8; at += 8, left -= 8) hash = fold(hash ^ word(at, 8), key_) + state_;
    return fold(hash ^ word(at, left), key_);
  }

 private:
  __extension__ using Wide = unsigned __int128;

  static std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
  }
  static std::uint64_t word(const char* at, std::size_t bytes) {
    std::uint64_t value = 0;
    if (bytes != 0) std::memcpy(&value, at, bytes);
    return value;
  }

  std::uint64_t key_;
  std::uint64_t state_;
};

}  // namespace mqz
