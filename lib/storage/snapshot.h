// Snapshots: the state at about a position, as keyed entries in blocks. They are fuzzy: each entry
// says which position it reflects, and the journal from where the snapshot began is applied to what
// is older. Pure; FORMAT.md has every byte.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/base/error.h"
#include "lib/storage/frame.h"

namespace mqz::storage {

inline constexpr std::uint32_t snapshot_header_bytes = 512;
inline constexpr std::uint32_t block_header_bytes = 32;
inline constexpr std::uint32_t snapshot_entry_header_bytes = 16;
inline constexpr std::string_view block_magic_text = "mqzB";
// Who fills a slice gives it away when it has this much; its last entry may be as long as entries
// are. So no block is longer than that.
inline constexpr std::uint64_t slice_bytes_max = 1U << 20U;
inline constexpr std::uint64_t entry_value_max = (std::uint64_t{1} << 31U) - 1;
inline constexpr std::uint64_t block_bytes_max =
    block_header_bytes + slice_bytes_max + snapshot_entry_header_bytes + 0xFFFF + entry_value_max;
inline constexpr std::string_view snapshot_ending = ".snapshot";

// One object, or a part of one: the owner's kinds, versions and keys. Views live as long as the
// block.
struct SnapshotEntry {
  std::uint8_t kind = 0;
  std::uint8_t version = 0;
  Bytes key{};         // at most 65535 bytes
  Position stamp = 0;  // the last position whose record the value reflects
  Bytes value{};
};

struct SnapshotHeader {
  std::uint64_t store_id = 0;
  Position replay_from = 0;   // every record from here on is to be applied where it is newer
  std::uint32_t segment = 0;  // ordinal of the one that was written when it was begun; 0: unknown

  friend bool operator==(const SnapshotHeader&, const SnapshotHeader&) = default;
};

std::array<std::byte, snapshot_header_bytes> encode_snapshot_header(const SnapshotHeader& header);
// corrupt, or invalid for a newer format; the text lacks the file's name.
Result<SnapshotHeader> decode_snapshot_header(Bytes bytes);

// Entries on their way into a snapshot: one block. Made by whoever has the objects, in a turn of
// its loop; some hundred KB are a good size, and nothing is added to slice_bytes_max.
class SnapshotSlice {
 public:
  void add(const SnapshotEntry& entry);
  bool empty() const { return entries_ == 0; }
  // Of the block so far.
  std::size_t bytes() const { return buffer_.size(); }
  std::uint32_t entries() const { return entries_; }
  Position end() const { return end_; }  // behind the highest stamp

 private:
  friend class BlockSealer;
  FrameBuffer buffer_{};
  std::uint32_t entries_ = 0;
  Position end_ = 1;
};

// What the last block says of all others.
struct SnapshotTotals {
  std::uint64_t entries = 0;
  std::uint64_t blocks = 0;  // without the last
  Position end = 1;          // behind the highest stamp: so far the journal has to reach
  std::uint64_t chain = 0;   // over the blocks' sums, begun with the header's identity
};

// Gives blocks their numbers and sums, in order.
class BlockSealer {
 public:
  explicit BlockSealer(const SnapshotHeader& header);
  // The bytes of the slice's block; they live as long as the slice.
  Bytes seal(SnapshotSlice& slice);
  // The last block.
  FrameBuffer seal_totals();
  const SnapshotTotals& totals() const { return totals_; }

 private:
  SnapshotTotals totals_{};
};

enum class BlockFault : std::uint8_t { none, too_short, wrong_sum, wrong_shape, wrong_place };

// Reads blocks in order and holds each against those before.
class BlockReader {
 public:
  explicit BlockReader(const SnapshotHeader& header);
  // How much the block needs that begins with these bytes; 0 if none begins so, or none is as long.
  static std::uint64_t block_bytes(Bytes header);
  // `bytes` begin with the next block, and may go on behind it. Afterwards next() gives its
  // entries.
  BlockFault read(Bytes bytes);
  bool next(SnapshotEntry& entry);
  // The last block was read, and everything agrees with it.
  bool is_complete() const { return complete_; }
  const SnapshotTotals& totals() const { return totals_; }

 private:
  BlockFault read_totals(Bytes body);

  SnapshotTotals totals_{};
  Bytes body_{};
  std::size_t at_ = 0;
  bool complete_ = false;
};

// What the header of a block says, true or not.
struct BlockHead {
  std::uint64_t bytes = 0;  // of the whole block
  std::uint64_t number = 0;
  std::uint32_t sum = 0;
  bool is_totals = false;
};
// Nothing if no block begins with these bytes.
std::optional<BlockHead> read_block_head(Bytes bytes);
// The sum of a block in pieces, the first with its header.
std::uint32_t begin_block_sum(Bytes first);
std::uint32_t go_on_with_block_sum(std::uint32_t sum, Bytes piece);
// The sum of a block of entries whose header is damaged, as if it were made now; nothing if what
// stands behind the header is not entries alone.
std::optional<std::uint32_t> remade_block_sum(Bytes block, std::uint64_t number);

// A block as it is found, whatever is damaged in it.
struct LooseBlock {
  bool is_sound = false;  // its sum is right
  bool is_totals = false;
  std::uint64_t number = 0;
  std::uint32_t sum = 0;    // that it says
  std::uint64_t chain = 0;  // of totals that are sound
};
// `bytes` are the block, or what there is of it.
LooseBlock read_loosely(Bytes bytes);
// The chain over such blocks: equal to that of the totals only if none is missing or anybody
// else's.
std::uint64_t begin_chain(const SnapshotHeader& header);
std::uint64_t chain_with(std::uint64_t chain, std::uint32_t sum);
// Takes the next entry from `rest`, if its lengths fit in; what is not sound may be anything.
bool next_entry(Bytes& rest, SnapshotEntry& entry);

}  // namespace mqz::storage
