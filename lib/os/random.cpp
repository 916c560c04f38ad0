#include "lib/os/random.h"

#include <sys/random.h>

#include <array>
#include <string_view>

namespace mqz::os {

void fill_random(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
    if (got < 0) continue;  // only EINTR can happen here
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

std::uint64_t random_u64() {
  std::uint64_t value = 0;
  fill_random(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

std::string random_text(std::size_t chars) {
  // 64 signs would be even with 6 bits; 62 are not, so the two numbers too many are drawn again.
  static constexpr std::string_view signs =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string text;
  text.reserve(chars);
  std::array<std::byte, 64> pool{};
  while (text.size() < chars) {
    fill_random(pool);
    for (const std::byte drawn : pool) {
      const std::size_t index = std::to_integer<std::size_t>(drawn) & 63U;
      if (index < signs.size() && text.size() < chars) text.push_back(signs[index]);
    }
  }
  return text;
}

}  // namespace mqz::os
