#include "lib/storage/snapshot_file.h"

#include <fmt/format.h>

#include <array>

#include "lib/storage/segment.h"
#include "lib/storage/snapshot_blocks.h"

namespace mqz::storage {

namespace {

// So much is written between two syncs: the disk is never given everything at once, which would
// stand in the way of commits.
constexpr std::uint64_t sync_bytes = std::uint64_t{4} << 20U;

const char* words(BlockFault fault) {
  switch (fault) {
    case BlockFault::none: break;
    case BlockFault::too_short: return "a block is not whole";
    case BlockFault::wrong_sum: return "a block has a wrong sum";
    case BlockFault::wrong_shape: return "a block has a wrong shape";
    case BlockFault::wrong_place: return "a block does not belong here";
  }
  return "";
}

tl::unexpected<Error> corrupt(const std::string& path, std::uint64_t offset, const char* what) {
  return fail(ErrorCode::corrupt, fmt::format("{}: offset {}: {}", path, offset, what));
}

// The blocks of a file, up to the last.
Result<void> read_blocks(const os::DiskFile& file, const std::string& path, BlockReader& blocks,
                         SnapshotVisitor* visitor) {
  const Result<std::uint64_t> size = file.size();
  if (!size) return tl::unexpected(size.error());
  BlockFile window(file, *size);
  std::uint64_t offset = snapshot_header_bytes;
  while (!blocks.is_complete()) {
    const auto head = window.head_at(offset);
    if (!head) return tl::unexpected(head.error());
    if (!*head) return corrupt(path, offset, "no whole block");
    // A long one is taken into memory only when it is known to be one.
    const Result<bool> sound =
        (*head)->bytes > slice_bytes_max ? window.is_sound(offset, **head) : true;
    if (!sound) return tl::unexpected(sound.error());
    if (!*sound) return corrupt(path, offset, words(BlockFault::wrong_sum));
    const Result<Bytes> bytes = window.at(offset, (*head)->bytes);
    if (!bytes) return tl::unexpected(bytes.error());
    const BlockFault fault = blocks.read(*bytes);
    if (fault != BlockFault::none) return corrupt(path, offset, words(fault));
    SnapshotEntry entry;
    while (visitor != nullptr && blocks.next(entry)) {
      if (auto seen = visitor->on_snapshot_entry(entry); !seen) return seen;
    }
    offset += (*head)->bytes;
  }
  if (*size != offset) return corrupt(path, offset, "bytes behind the last block");
  return {};
}

std::vector<std::string> snapshots_in(const std::vector<std::string>& names) {
  std::vector<std::string> found;
  for (const std::string& name : names) {
    if (position_in_name(name, snapshot_ending)) found.push_back(name);
  }
  return found;
}

}  // namespace

SnapshotWriter::SnapshotWriter(os::Disk& disk, std::string directory, const SnapshotHeader& header,
                               std::unique_ptr<os::DiskFile> file)
    : disk_(&disk),
      directory_(std::move(directory)),
      name_(name_of_position(header.replay_from, snapshot_ending)),
      sealer_(header),
      file_(std::move(file)) {}

Result<SnapshotWriter> SnapshotWriter::begin(os::Disk& disk, const std::string& directory,
                                             const SnapshotHeader& header) {
  const std::string path =
      directory + "/" + name_of_position(header.replay_from, snapshot_ending) + ".tmp";
  auto file = disk.open(path, os::OpenAs::create);
  if (!file) return tl::unexpected(file.error());
  SnapshotWriter writer(disk, directory, header, std::move(*file));
  if (auto written = writer.write(encode_snapshot_header(header)); !written)
    return tl::unexpected(written.error());
  return writer;
}

SnapshotWriter::~SnapshotWriter() {
  if (file_ == nullptr) return;
  file_.reset();
  // What cannot be removed now is when the store is opened next.
  static_cast<void>(disk_->remove(directory_ + "/" + name_ + ".tmp"));
}

Result<void> SnapshotWriter::write(Bytes bytes) {
  const std::array piece{bytes};
  if (auto written = file_->write_at(offset_, piece); !written) return written;
  offset_ += bytes.size();
  if (offset_ - synced_ < sync_bytes) return {};
  synced_ = offset_;
  return file_->sync();
}

Result<void> SnapshotWriter::add(SnapshotSlice slice) {
  if (slice.empty()) return {};
  return write(sealer_.seal(slice));
}

Result<void> SnapshotWriter::finish() {
  const FrameBuffer totals = sealer_.seal_totals();
  if (auto written = write(totals.bytes()); !written) return written;
  if (auto synced = file_->sync(); !synced) return synced;
  const std::string path = directory_ + "/" + name_;
  if (auto renamed = disk_->rename(path + ".tmp", path); !renamed) return renamed;
  file_.reset();
  if (auto synced = disk_->sync_directory(directory_); !synced) return synced;
  const auto names = disk_->list(directory_);
  if (!names) return tl::unexpected(names.error());
  for (const std::string& older : snapshots_in(*names)) {
    if (older == name_) break;
    if (auto removed = disk_->remove(directory_ + "/" + older); !removed) return removed;
  }
  return {};
}

Result<SnapshotSummary> read_snapshot(os::Disk& disk, const std::string& directory,
                                      const std::string& name, std::uint64_t store_id,
                                      SnapshotVisitor* visitor) {
  const std::string path = directory + "/" + name;
  const auto file = disk.open(path, os::OpenAs::read);
  if (!file) return tl::unexpected(file.error());
  std::array<std::byte, snapshot_header_bytes> start{};
  const Result<std::size_t> got = (*file)->read_at(0, start);
  if (!got) return tl::unexpected(got.error());
  const auto header = decode_snapshot_header(Bytes(start).first(*got));
  if (!header) {
    if (header.error().code == ErrorCode::corrupt)
      return corrupt(path, 0, header.error().text.c_str());
    return fail(header.error().code, path + ": " + header.error().text);
  }
  if (header->store_id != store_id) return corrupt(path, 0, "belongs to another store");
  if (name != name_of_position(header->replay_from, snapshot_ending))
    return corrupt(path, 0, "the name is not that of the position inside");
  BlockReader blocks(*header);
  if (auto read = read_blocks(**file, path, blocks, visitor); !read)
    return tl::unexpected(read.error());
  return SnapshotSummary{name, *header, blocks.totals()};
}

Result<SnapshotSummary> read_newest_snapshot(os::Disk& disk, const std::string& directory,
                                             const std::vector<std::string>& names,
                                             std::uint64_t store_id, SnapshotVisitor& visitor) {
  std::vector<std::string> left = snapshots_in(names);
  // Nothing of a damaged one is shown while there is another to fall back to.
  for (; left.size() > 1; left.pop_back()) {
    const auto sound = read_snapshot(disk, directory, left.back(), store_id, nullptr);
    if (sound) break;
    if (sound.error().code != ErrorCode::corrupt) return sound;
  }
  if (left.empty()) return SnapshotSummary{};
  return read_snapshot(disk, directory, left.back(), store_id, &visitor);
}

}  // namespace mqz::storage
