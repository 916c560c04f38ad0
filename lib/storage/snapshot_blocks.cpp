#include "lib/storage/snapshot_blocks.h"

#include <algorithm>

namespace mqz::storage {

Result<std::optional<BlockHead>> BlockFile::head_at(std::uint64_t offset) {
  if (offset >= size_) return std::nullopt;
  const Result<Bytes> bytes = at(offset, block_header_bytes);
  if (!bytes) return tl::unexpected(bytes.error());
  const auto head = read_block_head(*bytes);
  if (!head || head->bytes > size_ - offset) return std::nullopt;
  return head;
}

Result<bool> BlockFile::is_sound(std::uint64_t offset, const BlockHead& head) {
  constexpr std::uint64_t piece_bytes = 1U << 20U;
  std::uint32_t sum = 0;
  for (std::uint64_t done = 0; done < head.bytes;) {
    const std::uint64_t wanted = std::min(piece_bytes, head.bytes - done);
    const Result<Bytes> piece = at(offset + done, wanted);
    if (!piece) return tl::unexpected(piece.error());
    if (piece->size() < wanted) return false;
    sum = done == 0 ? begin_block_sum(*piece) : go_on_with_block_sum(sum, *piece);
    done += wanted;
  }
  return sum == head.sum;
}

}  // namespace mqz::storage
