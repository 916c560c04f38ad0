// What the journal puts in front of a frame: its place, the chain up to it, and how much of the
// segment was durable when it was written. Pure; FORMAT.md has every byte.
#pragma once

#include <cstdint>

#include "lib/storage/frame.h"

namespace mqz::storage {

enum class EntryKind : std::uint8_t {
  frame = 1,
  mark = 2,  // no frame: only says what is durable
  gap = 3,   // positions that a repair has given up; the body begins with the chain behind them
  end = 4,   // a mark that says, too: the journal goes on in another segment
};

struct EntryHeader {
  EntryKind kind{};
  Position position = 0;         // of the first record; a mark has that of the next
  std::uint64_t synced = 0;      // bytes of the segment that were durable when this was written
  std::uint64_t chain = 0;       // before this entry
  std::uint32_t body_bytes = 0;  // without the zeroes that fill up to a multiple of 8
  std::uint32_t count = 0;       // of positions

  Position end() const { return position + count; }
  std::uint64_t whole_bytes() const {
    return entry_header_bytes + ((std::uint64_t{body_bytes} + 7) & ~std::uint64_t{7});
  }
};

// `key` belongs to the segment: what was meant for another place does not pass.
void write_entry_header(const EntryHeader& header, std::uint64_t key, std::byte* to);
// False unless `bytes` begin with a header that was written with this key.
bool read_entry_header(Bytes bytes, std::uint64_t key, EntryHeader& header);

// Whether `bytes` may begin with an entry's header; for a search.
bool looks_like_entry(const std::byte* bytes);

}  // namespace mqz::storage
