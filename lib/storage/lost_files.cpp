#include "lib/storage/lost_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "lib/storage/scan.h"

namespace mqz::storage {

namespace {

constexpr std::string_view accepted_start = "segments up to ";
constexpr std::size_t accepted_bytes_max = 64;

std::string accepted_path(const std::string& directory) { return directory + "/lost/accepted"; }

AcceptedLoss parse_accepted(std::string_view text) {
  if (!text.starts_with(accepted_start) || !text.ends_with('\n')) return {};
  text.remove_prefix(accepted_start.size());
  text.remove_suffix(1);
  AcceptedLoss accepted;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), accepted.last_segment);
  return error == std::errc{} && end == text.data() + text.size() ? accepted : AcceptedLoss{};
}

// Of the segments that open.
Result<std::uint32_t> highest_ordinal(os::Disk& disk, const std::string& directory) {
  const auto names = disk.list(directory);
  if (!names) return tl::unexpected(names.error());
  std::uint32_t highest = 0;
  for (const std::string& name : *names) {
    if (!position_in_name(name, segment_ending)) continue;
    const auto segment = open_segment(disk, directory + "/" + name, os::OpenAs::read);
    if (segment) highest = std::max(highest, (*segment)->header.ordinal);
    if (!segment && segment.error().code != ErrorCode::corrupt)
      return tl::unexpected(segment.error());
  }
  return highest;
}

}  // namespace

Result<AcceptedLoss> accepted_loss(os::Disk& disk, const std::string& directory) {
  const auto file = disk.open(accepted_path(directory), os::OpenAs::read);
  if (!file && file.error().code == ErrorCode::not_found) return AcceptedLoss{};
  if (!file) return tl::unexpected(file.error());
  std::array<std::byte, accepted_bytes_max> bytes{};
  const Result<std::size_t> got = (*file)->read_at(0, bytes);
  if (!got) return tl::unexpected(got.error());
  return parse_accepted(as_text(Bytes(bytes).first(*got)));
}

Result<void> accept_loss(os::Disk& disk, const std::string& directory) {
  const auto before = accepted_loss(disk, directory);
  if (!before) return tl::unexpected(before.error());
  const auto highest = highest_ordinal(disk, directory);
  if (!highest) return tl::unexpected(highest.error());
  const std::uint32_t last = std::max(before->last_segment, *highest);
  const std::string text = fmt::format("{}{}\n", accepted_start, last);
  const std::string folder = directory + "/lost";
  if (auto made = disk.make_directory(folder); !made) return made;
  const std::string unfinished = accepted_path(directory) + ".tmp";
  static_cast<void>(disk.remove(unfinished));  // of an interrupted repair
  const auto file = disk.open(unfinished, os::OpenAs::create);
  if (!file) return tl::unexpected(file.error());
  const std::array piece{as_bytes(text)};
  if (auto written = (*file)->write_at(0, piece); !written) return written;
  if (auto synced = (*file)->sync(); !synced) return synced;
  if (auto named = disk.rename(unfinished, accepted_path(directory)); !named) return named;
  if (auto synced = disk.sync_directory(folder); !synced) return synced;
  return disk.sync_directory(directory);
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
