// Integers as the store's files have them: little-endian, at any address; the caller has checked
// the size. And the zeroes between and behind them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstring>
#include <span>

namespace mqz::storage {

static_assert(std::endian::native == std::endian::little, "x86-64 and arm64 only");

template <typename Integer>
Integer load(const std::byte* at) {
  Integer value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <typename Integer>
void store(std::byte* to, Integer value) {
  std::memcpy(to, &value, sizeof value);
}

// Whether there is nothing but zeroes.
inline bool is_zero(std::span<const std::byte> bytes) {
  if (bytes.empty()) return true;
  return bytes[0] == std::byte{0} &&
         std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace mqz::storage
