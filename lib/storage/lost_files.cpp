#include "lib/storage/lost_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/storage/scan.h"

namespace mqz::storage {

Result<void> accept_loss(os::Disk& disk, const std::string& directory) {
  return has_lost_files(disk, directory) ? Result<void>()
                                         : disk.make_directory(directory + "/lost");
}

bool has_lost_files(os::Disk& disk, const std::string& directory) {
  return disk.list(directory + "/lost").has_value();
}

Result<std::string> LostFiles::free_name(const std::string& name) {
  const auto there = disk_.list(folder());
  if (!there) return tl::unexpected(there.error());
  std::string free = name;
  for (int i = 2; std::find(there->begin(), there->end(), free) != there->end(); ++i)
    free = fmt::format("{}.{}", name, i);
  return free;
}

Result<void> LostFiles::take(const std::string& name, const std::string& why) {
  if (auto made = disk_.make_directory(folder()); !made) return made;
  const auto free = free_name(name);
  if (!free) return tl::unexpected(free.error());
  if (auto moved = disk_.rename(directory_ + "/" + name, folder() + "/" + *free); !moved)
    return moved;
  done_.push_back(fmt::format("{}/{}: {}; moved to lost/", directory_, name, why));
  if (auto synced = disk_.sync_directory(folder()); !synced) return synced;
  return disk_.sync_directory(directory_);
}

Result<std::optional<Position>> LostFiles::last_segment() {
  const auto names = disk_.list(folder());
  if (!names && names.error().code == ErrorCode::not_found) return std::nullopt;
  if (!names) return tl::unexpected(names.error());
  const std::size_t length = segment_name(0).size();
  std::optional<Position> last;
  for (const std::string& name : *names) {
    // NAME, or NAME.2; not NAME-OFFSET, which are some bytes of one that is still in its place.
    if (name.size() > length && name[length] != '.') continue;
    last = std::max(last, position_in_name(name.substr(0, length), segment_ending));
  }
  return last;
}

// What is there already is of a repair that was interrupted, and begins with the same bytes.
Result<std::unique_ptr<os::DiskFile>> LostFiles::create(const std::string& path) {
  auto file = disk_.open(path, os::OpenAs::create);
  if (!file && file.error().code == ErrorCode::conflict) return disk_.open(path, os::OpenAs::write);
  return file;
}

Result<void> LostFiles::keep_copy(const std::string& name) {
  if (auto made = disk_.make_directory(folder()); !made) return made;
  const auto free = free_name(name);
  if (!free) return tl::unexpected(free.error());
  const auto file = disk_.open(directory_ + "/" + name, os::OpenAs::read);
  if (!file) return tl::unexpected(file.error());
  const Result<std::uint64_t> size = (*file)->size();
  if (!size) return tl::unexpected(size.error());
  return copy_bytes(**file, 0, *size, *free);
}

Result<void> LostFiles::copy(const Segment& segment, std::uint64_t begin, std::uint64_t end) {
  if (auto made = disk_.make_directory(folder()); !made) return made;
  return copy_bytes(*segment.file, begin, end,
                    fmt::format("{}-{}", segment_name(segment.header.first), begin));
}

Result<void> LostFiles::copy_bytes(const os::DiskFile& from, std::uint64_t begin, std::uint64_t end,
                                   const std::string& name) {
  constexpr std::uint64_t step = std::uint64_t{1} << 20U;
  const auto file = create(folder() + "/" + name);
  if (!file) return tl::unexpected(file.error());
  FileWindow window(from);
  for (std::uint64_t at = begin; at < end;) {
    const Result<Bytes> bytes = window.at(at, static_cast<std::size_t>(std::min(end - at, step)));
    if (!bytes) return tl::unexpected(bytes.error());
    if (bytes->empty()) break;
    const std::array piece{*bytes};
    if (auto written = (*file)->write_at(at - begin, piece); !written) return written;
    at += bytes->size();
  }
  if (auto synced = (*file)->sync(); !synced) return synced;
  return disk_.sync_directory(folder());
}

}  // namespace mqz::storage
