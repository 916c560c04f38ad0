#include "lib/storage/entry.h"

#include "lib/storage/checksum.h"
#include "lib/storage/little_endian.h"

namespace mqz::storage {

namespace {

constexpr std::uint32_t magic = 0x4A7A716D;  // "mqzJ"

constexpr std::size_t at_kind = 4;
constexpr std::size_t at_position = 8;
constexpr std::size_t at_synced = 16;
constexpr std::size_t at_chain = 24;
constexpr std::size_t at_body_bytes = 32;
constexpr std::size_t at_count = 36;
constexpr std::size_t at_hash = 40;

}  // namespace

void write_entry_header(const EntryHeader& header, std::uint64_t key, std::byte* to) {
  store(to, magic);
  store(to + at_kind, static_cast<std::uint32_t>(header.kind));
  store(to + at_position, header.position);
  store(to + at_synced, header.synced);
  store(to + at_chain, header.chain);
  store(to + at_body_bytes, header.body_bytes);
  store(to + at_count, header.count);
  store(to + at_hash, keyed_hash({to, at_hash}, key));
}

bool looks_like_entry(const std::byte* bytes) { return load<std::uint32_t>(bytes) == magic; }

bool read_entry_header(Bytes bytes, std::uint64_t key, EntryHeader& header) {
  if (bytes.size() < entry_header_bytes || !looks_like_entry(bytes.data())) return false;
  const std::byte* const at = bytes.data();
  if (load<std::uint64_t>(at + at_hash) != keyed_hash(bytes.first(at_hash), key)) return false;
  const auto kind = load<std::uint32_t>(at + at_kind);
  if (kind < 1 || kind > 4) return false;
  header.kind = static_cast<EntryKind>(kind);
  header.position = load<std::uint64_t>(at + at_position);
  header.synced = load<std::uint64_t>(at + at_synced);
  header.chain = load<std::uint64_t>(at + at_chain);
  header.body_bytes = load<std::uint32_t>(at + at_body_bytes);
  header.count = load<std::uint32_t>(at + at_count);
  return true;
}

}  // namespace mqz::storage
