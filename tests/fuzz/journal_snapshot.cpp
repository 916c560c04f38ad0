// Any bytes are a snapshot or refused. The first two bytes choose what is made right before
// reading: sums that are right by construction let the fuzzer reach what stands behind them.
#include <vector>

#include "lib/storage/checksum.h"
#include "lib/storage/little_endian.h"
#include "lib/storage/snapshot.h"
#include "tests/fuzz/fuzz.h"

using namespace mqz;
using namespace mqz::storage;

namespace {

// Writes the right sum into every block that seems to begin.
void mend_sums(std::vector<std::byte>& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const Bytes rest = Bytes(bytes).subspan(at);
    const std::uint64_t size = BlockReader::block_bytes(rest);
    if (size == 0 || size > rest.size()) return;
    const Bytes body = rest.subspan(block_header_bytes, size - block_header_bytes);
    store(bytes.data() + at + 28, crc32c(body, crc32c(rest.first(28))));
    at += size;
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const auto* const from = reinterpret_cast<const std::byte*>(data);
  std::vector<std::byte> bytes(from + 1, from + size);
  static_cast<void>(decode_snapshot_header(bytes));
  if ((data[0] & 1U) != 0) mend_sums(bytes);
  BlockReader reader({0x0807'0605'0403'0201, 2});  // as in FORMAT.md
  std::uint64_t entries = 0;
  for (Bytes left = bytes; reader.read(left) == BlockFault::none;) {
    SnapshotEntry entry;
    for (; reader.next(entry); ++entries)
      MQZ_CHECK(entry.stamp < reader.totals().end || entry.stamp + 1 == 0);
    left = left.subspan(static_cast<std::size_t>(BlockReader::block_bytes(left)));
  }
  MQZ_CHECK(entries == reader.totals().entries);
  return 0;
}
