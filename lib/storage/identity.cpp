#include "lib/storage/identity.h"

#include <fmt/format.h>

#include "lib/storage/checksum.h"
#include "lib/storage/little_endian.h"
#include "lib/storage/snapshot.h"

namespace mqz::storage {

namespace {

constexpr std::uint64_t magic = 0x65726F74737A716D;  // "mqzstore"

constexpr std::size_t at_format = 8;
constexpr std::size_t at_store_id = 16;
constexpr std::size_t at_hash = identity_bytes - 8;

}  // namespace

std::array<std::byte, identity_bytes> encode_identity(std::uint64_t store_id,
                                                      std::uint32_t format) {
  std::array<std::byte, identity_bytes> bytes{};
  std::byte* const to = bytes.data();
  store(to, magic);
  store(to + at_format, format);
  store(to + at_store_id, store_id);
  store(to + at_hash, keyed_hash({to, at_hash}, magic));
  return bytes;
}

Result<std::uint64_t> read_identity(os::Disk& disk, const std::string& directory) {
  const std::string path = directory + "/" + identity_name;
  const auto file = disk.open(path, os::OpenAs::read);
  if (!file) return tl::unexpected(file.error());
  std::array<std::byte, identity_bytes> bytes{};
  const Result<std::size_t> got = (*file)->read_at(0, bytes);
  if (!got) return tl::unexpected(got.error());
  const std::byte* const at = bytes.data();
  if (*got != bytes.size() || load<std::uint64_t>(at) != magic ||
      load<std::uint64_t>(at + at_hash) != keyed_hash({at, at_hash}, magic)) {
    return fail(ErrorCode::corrupt, path + ": offset 0: not what was written");
  }
  const auto format = load<std::uint32_t>(at + at_format);
  if (format > store_format) {
    return fail(ErrorCode::invalid,
                fmt::format("{}: format {}; this program reads formats up to {}", path, format,
                            store_format));
  }
  return load<std::uint64_t>(at + at_store_id);
}

Result<std::uint64_t> find_store_id(os::Disk& disk, const std::string& directory,
                                    const std::vector<std::string>& names) {
  std::uint64_t of_segments = 0;
  std::uint64_t of_snapshots = 0;
  for (const std::string& name : names) {
    const std::string path = directory + "/" + name;
    if (position_in_name(name, segment_ending)) {
      const auto segment = open_segment(disk, path, os::OpenAs::read);
      if (segment) of_segments = (*segment)->header.store_id;
    } else if (position_in_name(name, snapshot_ending)) {
      const auto file = disk.open(path, os::OpenAs::read);
      if (!file) return tl::unexpected(file.error());
      std::array<std::byte, snapshot_header_bytes> bytes{};
      const Result<std::size_t> got = (*file)->read_at(0, bytes);
      if (!got) return tl::unexpected(got.error());
      const auto header = decode_snapshot_header(Bytes(bytes).first(*got));
      if (header) of_snapshots = header->store_id;
    }
  }
  return of_segments != 0 ? of_segments : of_snapshots;
}

Result<void> write_identity(os::Disk& disk, const std::string& directory, std::uint64_t store_id) {
  const std::string path = directory + "/" + identity_name;
  const std::string temporary = path + ".tmp";
  auto file = disk.open(temporary, os::OpenAs::create);
  if (!file) return tl::unexpected(file.error());
  const auto bytes = encode_identity(store_id);
  const std::array piece{Bytes(bytes)};
  if (auto written = (*file)->write_at(0, piece); !written) return written;
  if (auto synced = (*file)->sync(); !synced) return synced;
  if (auto renamed = disk.rename(temporary, path); !renamed) return renamed;
  return disk.sync_directory(directory);
}

}  // namespace mqz::storage
