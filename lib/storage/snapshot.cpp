#include "lib/storage/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "lib/base/check.h"
#include "lib/storage/checksum.h"
#include "lib/storage/little_endian.h"
#include "lib/storage/segment.h"

namespace mqz::storage {

namespace {

constexpr std::uint64_t magic = 0x6F687370616E734D;  // "Msnapsho"
constexpr std::uint32_t block_magic = 0x427A716D;    // "mqzB"
constexpr std::uint32_t block_of_entries = 1;
constexpr std::uint32_t block_of_totals = 2;
constexpr std::size_t totals_bytes = 32;

// Offsets in the file's header.
constexpr std::size_t at_format = 8;
constexpr std::size_t at_store_id = 16;
constexpr std::size_t at_replay_from = 24;
constexpr std::size_t at_segment = 32;
constexpr std::size_t at_hash = snapshot_header_bytes - 8;

// Offsets in a block's header.
constexpr std::size_t at_block_kind = 4;
constexpr std::size_t at_block_bytes = 8;
constexpr std::size_t at_block_entries = 12;
constexpr std::size_t at_block_number = 16;
constexpr std::size_t at_block_sum = 28;

// Offsets in an entry's header.
constexpr std::size_t at_kind = 0;
constexpr std::size_t at_version = 1;
constexpr std::size_t at_key_bytes = 2;
constexpr std::size_t at_value_bytes = 4;
constexpr std::size_t at_stamp = 8;

std::uint32_t block_sum(Bytes block) {
  return crc32c(block.subspan(block_header_bytes), crc32c(block.first(at_block_sum)));
}

// All but the sum.
void write_block_header(std::byte* to, std::size_t body_bytes, std::uint32_t kind,
                        std::uint32_t entries, std::uint64_t number) {
  std::memset(to, 0, block_header_bytes);
  store(to, block_magic);
  store(to + at_block_kind, kind);
  store(to + at_block_bytes, static_cast<std::uint32_t>(body_bytes));
  store(to + at_block_entries, entries);
  store(to + at_block_number, number);
}

// Completes the header in front of a block's body; returns the sum.
std::uint32_t seal_block(std::byte* block, std::size_t size, std::uint32_t kind,
                         std::uint32_t entries, std::uint64_t number) {
  write_block_header(block, size - block_header_bytes, kind, entries, number);
  const std::uint32_t sum = block_sum({block, size});
  store(block + at_block_sum, sum);
  return sum;
}

bool cut_entry(Bytes body, std::size_t at, SnapshotEntry& entry) {
  if (body.size() - at < snapshot_entry_header_bytes) return false;
  const std::byte* const header = body.data() + at;
  const std::size_t key = load<std::uint16_t>(header + at_key_bytes);
  const std::size_t value = load<std::uint32_t>(header + at_value_bytes);
  const Bytes rest = body.subspan(at + snapshot_entry_header_bytes);
  if (key > rest.size() || value > rest.size() - key) return false;
  entry = {std::to_integer<std::uint8_t>(header[at_kind]),
           std::to_integer<std::uint8_t>(header[at_version]), rest.first(key),
           load<std::uint64_t>(header + at_stamp), rest.subspan(key, value)};
  return true;
}

std::size_t whole_bytes(const SnapshotEntry& entry) {
  return snapshot_entry_header_bytes + entry.key.size() + entry.value.size();
}

// Whether the entries fill the body; tells how far the journal has to reach for them.
bool has_shape(Bytes body, std::uint32_t entries, Position& end) {
  std::size_t at = 0;
  SnapshotEntry entry;
  for (std::uint32_t i = 0; i < entries; ++i) {
    if (!cut_entry(body, at, entry)) return false;
    at += whole_bytes(entry);
    end = std::max(end, entry.stamp + 1);
  }
  return at == body.size();
}

}  // namespace

std::array<std::byte, snapshot_header_bytes> encode_snapshot_header(const SnapshotHeader& header) {
  std::array<std::byte, snapshot_header_bytes> bytes{};
  std::byte* const to = bytes.data();
  store(to, magic);
  store(to + at_format, store_format);
  store(to + at_store_id, header.store_id);
  store(to + at_replay_from, header.replay_from);
  store(to + at_segment, header.segment);
  store(to + at_hash, keyed_hash({to, at_hash}, magic));
  return bytes;
}

Result<SnapshotHeader> decode_snapshot_header(Bytes bytes) {
  if (bytes.size() < snapshot_header_bytes) return fail(ErrorCode::corrupt, "no whole header");
  const std::byte* const at = bytes.data();
  if (load<std::uint64_t>(at) != magic ||
      load<std::uint64_t>(at + at_hash) != keyed_hash({at, at_hash}, magic)) {
    return fail(ErrorCode::corrupt, "the header is not what was written");
  }
  const auto format = load<std::uint32_t>(at + at_format);
  if (format > store_format) {
    return fail(ErrorCode::invalid, fmt::format("format {}; this program reads formats up to {}",
                                                format, store_format));
  }
  return SnapshotHeader{load<std::uint64_t>(at + at_store_id),
                        load<std::uint64_t>(at + at_replay_from),
                        load<std::uint32_t>(at + at_segment)};
}

std::uint64_t begin_chain(const SnapshotHeader& header) {
  const auto bytes = encode_snapshot_header(header);
  return keyed_hash(bytes, magic);
}

std::uint64_t chain_with(std::uint64_t chain, std::uint32_t sum) {
  std::array<std::byte, sizeof sum> bytes{};
  store(bytes.data(), sum);
  return keyed_hash(bytes, chain);
}

void SnapshotSlice::add(const SnapshotEntry& entry) {
  MQZ_CHECK(entry.key.size() <= 0xFFFF && entry.value.size() <= entry_value_max);
  MQZ_CHECK(buffer_.size() < slice_bytes_max + block_header_bytes);
  if (entries_ == 0) buffer_.grow(block_header_bytes);
  std::byte* const to = buffer_.grow(whole_bytes(entry));
  store(to + at_kind, entry.kind);
  store(to + at_version, entry.version);
  store(to + at_key_bytes, static_cast<std::uint16_t>(entry.key.size()));
  store(to + at_value_bytes, static_cast<std::uint32_t>(entry.value.size()));
  store(to + at_stamp, entry.stamp);
  std::byte* const key = to + snapshot_entry_header_bytes;
  std::copy(entry.key.begin(), entry.key.end(), key);
  std::copy(entry.value.begin(), entry.value.end(), key + entry.key.size());
  ++entries_;
  end_ = std::max(end_, entry.stamp + 1);
}

BlockSealer::BlockSealer(const SnapshotHeader& header) { totals_.chain = begin_chain(header); }

Bytes BlockSealer::seal(SnapshotSlice& slice) {
  MQZ_CHECK(!slice.empty());
  const std::uint32_t sum = seal_block(slice.buffer_.begin(), slice.buffer_.size(),
                                       block_of_entries, slice.entries_, totals_.blocks);
  totals_.chain = chain_with(totals_.chain, sum);
  totals_.entries += slice.entries_;
  totals_.end = std::max(totals_.end, slice.end_);
  ++totals_.blocks;
  return slice.buffer_.bytes();
}

FrameBuffer BlockSealer::seal_totals() {
  FrameBuffer buffer;
  std::byte* const block = buffer.grow(block_header_bytes + totals_bytes);
  std::byte* const body = block + block_header_bytes;
  store(body, totals_.entries);
  store(body + 8, totals_.blocks);
  store(body + 16, totals_.end);
  store(body + 24, totals_.chain);
  seal_block(block, buffer.size(), block_of_totals, 0, totals_.blocks);
  return buffer;
}

BlockReader::BlockReader(const SnapshotHeader& header) { totals_.chain = begin_chain(header); }

std::uint64_t BlockReader::block_bytes(Bytes header) {
  if (header.size() < block_header_bytes || load<std::uint32_t>(header.data()) != block_magic)
    return 0;
  const std::uint64_t bytes =
      std::uint64_t{block_header_bytes} + load<std::uint32_t>(header.data() + at_block_bytes);
  return bytes <= block_bytes_max ? bytes : 0;
}

BlockFault BlockReader::read(Bytes bytes) {
  body_ = {};
  at_ = 0;
  const std::uint64_t size = block_bytes(bytes);
  if (size == 0 || size > bytes.size()) return BlockFault::too_short;
  const Bytes block = bytes.first(static_cast<std::size_t>(size));
  const auto sum = load<std::uint32_t>(block.data() + at_block_sum);
  if (sum != block_sum(block)) return BlockFault::wrong_sum;
  if (complete_ || load<std::uint64_t>(block.data() + at_block_number) != totals_.blocks)
    return BlockFault::wrong_place;
  const auto kind = load<std::uint32_t>(block.data() + at_block_kind);
  const Bytes body = block.subspan(block_header_bytes);
  if (kind == block_of_totals) return read_totals(body);
  const auto entries = load<std::uint32_t>(block.data() + at_block_entries);
  if (kind != block_of_entries || entries == 0 || !has_shape(body, entries, totals_.end))
    return BlockFault::wrong_shape;
  body_ = body;
  totals_.entries += entries;
  ++totals_.blocks;
  totals_.chain = chain_with(totals_.chain, sum);
  return BlockFault::none;
}

BlockFault BlockReader::read_totals(Bytes body) {
  if (body.size() != totals_bytes) return BlockFault::wrong_shape;
  if (load<std::uint64_t>(body.data()) != totals_.entries ||
      load<std::uint64_t>(body.data() + 8) != totals_.blocks ||
      load<std::uint64_t>(body.data() + 16) != totals_.end ||
      load<std::uint64_t>(body.data() + 24) != totals_.chain) {
    return BlockFault::wrong_place;
  }
  complete_ = true;
  return BlockFault::none;
}

bool BlockReader::next(SnapshotEntry& entry) {
  if (at_ == body_.size()) return false;
  MQZ_CHECK(cut_entry(body_, at_, entry));
  at_ += whole_bytes(entry);
  return true;
}

std::optional<BlockHead> read_block_head(Bytes bytes) {
  const std::uint64_t size = BlockReader::block_bytes(bytes);
  if (size == 0) return std::nullopt;
  const auto kind = load<std::uint32_t>(bytes.data() + at_block_kind);
  if (kind != block_of_entries && kind != block_of_totals) return std::nullopt;
  return BlockHead{size, load<std::uint64_t>(bytes.data() + at_block_number),
                   load<std::uint32_t>(bytes.data() + at_block_sum), kind == block_of_totals};
}

std::uint32_t begin_block_sum(Bytes first) { return block_sum(first); }

std::uint32_t go_on_with_block_sum(std::uint32_t sum, Bytes piece) { return crc32c(piece, sum); }

std::optional<std::uint32_t> remade_block_sum(Bytes block, std::uint64_t number) {
  if (block.size() <= block_header_bytes || block.size() > block_bytes_max) return std::nullopt;
  const Bytes body = block.subspan(block_header_bytes);
  std::uint32_t entries = 0;
  SnapshotEntry entry;
  for (std::size_t at = 0; at < body.size(); at += whole_bytes(entry), ++entries) {
    if (!cut_entry(body, at, entry)) return std::nullopt;
  }
  std::array<std::byte, block_header_bytes> header{};
  write_block_header(header.data(), body.size(), block_of_entries, entries, number);
  return crc32c(body, crc32c(Bytes(header).first(at_block_sum)));
}

LooseBlock read_loosely(Bytes bytes) {
  LooseBlock block;
  if (bytes.size() < block_header_bytes) return block;
  block.number = load<std::uint64_t>(bytes.data() + at_block_number);
  block.is_sound = BlockReader::block_bytes(bytes) == bytes.size() &&
                   load<std::uint32_t>(bytes.data() + at_block_sum) == block_sum(bytes);
  block.sum = load<std::uint32_t>(bytes.data() + at_block_sum);
  block.is_totals = load<std::uint32_t>(bytes.data() + at_block_kind) == block_of_totals;
  const Bytes body = bytes.subspan(block_header_bytes);
  if (block.is_totals && block.is_sound && body.size() == totals_bytes)
    block.chain = load<std::uint64_t>(body.data() + 24);
  return block;
}

bool next_entry(Bytes& rest, SnapshotEntry& entry) {
  if (rest.empty() || !cut_entry(rest, 0, entry)) return false;
  rest = rest.subspan(whole_bytes(entry));
  return true;
}

}  // namespace mqz::storage
