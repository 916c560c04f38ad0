#include "lib/storage/checksum.h"

#include <array>

#include "lib/storage/little_endian.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#endif

namespace mqz::storage {

namespace {

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr std::uint32_t polynomial = 0x82F63B78;  // reflected

// tables[k][b]: the sum of byte b followed by k zero bytes.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t sum = b;
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1U) ^ ((sum & 1U) != 0 ? polynomial : 0);
    tables[0][b] = sum;
  }
  for (std::size_t k = 1; k < tables.size(); ++k) {
    for (std::size_t b = 0; b < 256; ++b) {
      const std::uint32_t before = tables[k - 1][b];
      tables[k][b] = (before >> 8U) ^ tables[0][before & 0xFFU];
    }
  }
  return tables;
}

constexpr Tables tables = make_tables();

std::uint32_t sum_by_table(const std::byte* at, std::size_t bytes, std::uint32_t sum) {
  for (; bytes >= 8; at += 8, bytes -= 8) {
    const std::uint64_t word = load<std::uint64_t>(at) ^ sum;
    sum = 0;
    for (std::size_t k = 0; k < 8; ++k) sum ^= tables[7 - k][(word >> (8 * k)) & 0xFFU];
  }
  for (; bytes != 0; ++at, --bytes) {
    sum = (sum >> 8U) ^ tables[0][(sum ^ std::to_integer<std::uint32_t>(*at)) & 0xFFU];
  }
  return sum;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t sum_by_instruction(const std::byte* at,
                                                                   std::size_t bytes,
                                                                   std::uint32_t sum) {
  std::uint64_t wide = sum;
  for (; bytes >= 8; at += 8, bytes -= 8) wide = _mm_crc32_u64(wide, load<std::uint64_t>(at));
  sum = static_cast<std::uint32_t>(wide);
  for (; bytes != 0; ++at, --bytes) sum = _mm_crc32_u8(sum, std::to_integer<unsigned char>(*at));
  return sum;
}
bool has_instruction() { return __builtin_cpu_supports("sse4.2") != 0; }
#elif defined(__aarch64__)
__attribute__((target("+crc"))) std::uint32_t sum_by_instruction(const std::byte* at,
                                                                 std::size_t bytes,
                                                                 std::uint32_t sum) {
  for (; bytes >= 8; at += 8, bytes -= 8) sum = __crc32cd(sum, load<std::uint64_t>(at));
  for (; bytes != 0; ++at, --bytes) sum = __crc32cb(sum, std::to_integer<unsigned char>(*at));
  return sum;
}
bool has_instruction() { return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0; }
#else
constexpr auto sum_by_instruction = sum_by_table;
bool has_instruction() { return false; }
#endif

}  // namespace

std::uint32_t crc32c(Bytes bytes, std::uint32_t before) {
  static const auto sum = has_instruction() ? sum_by_instruction : sum_by_table;
  return ~sum(bytes.data(), bytes.size(), ~before);
}

std::uint32_t crc32c_by_table(Bytes bytes, std::uint32_t before) {
  return ~sum_by_table(bytes.data(), bytes.size(), ~before);
}

std::uint64_t keyed_hash(Bytes bytes, std::uint64_t key) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), key);
}

}  // namespace mqz::storage
