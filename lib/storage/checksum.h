// The three sums of the store: CRC32C for frames, records and blocks, a keyed 64-bit hash for
// headers, and the chain that ties a frame to everything before it.
#pragma once

#include <cstdint>

#include "lib/base/bytes.h"

namespace mqz::storage {

// CRC32C (RFC 3720, appendix B.4). `before` continues a sum over bytes that came earlier.
std::uint32_t crc32c(Bytes bytes, std::uint32_t before = 0);

// The same without the processor's instruction; for the test that holds them equal.
std::uint32_t crc32c_by_table(Bytes bytes, std::uint32_t before = 0);

// XXH3-64. Bytes that do not know the key cannot pass for a header, other than by chance.
std::uint64_t keyed_hash(Bytes bytes, std::uint64_t key);

// The chain after a frame: equal chains mean equal histories.
inline std::uint64_t chain_after(std::uint64_t chain, Bytes frame) {
  return keyed_hash(frame, chain);
}

}  // namespace mqz::storage
