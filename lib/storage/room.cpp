#include "lib/storage/room.h"

#include <algorithm>
#include <array>

namespace mqz::storage {

namespace {

constexpr Millis ask_every{1000};
// Where commits are this large the disk is busy, and has better things to write.
constexpr std::uint64_t small_commit_bytes = std::uint64_t{64} << 10U;

bool is_full(const Error& error) { return error.code == ErrorCode::unavailable; }

}  // namespace

Result<void> write_zeroes(os::DiskFile& file, std::uint64_t from, std::uint64_t end) {
  static constexpr std::array<std::byte, 65'536> zeroes{};
  for (std::uint64_t at = from; at < end; at += zeroes.size()) {
    const std::array piece{Bytes(zeroes).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(zeroes.size(), end - at)))};
    if (auto written = file.write_at(at, piece); !written) return written;
  }
  return {};
}

Result<void> make_file(os::Disk& disk, const std::string& path, std::uint64_t bytes) {
  auto file = disk.open(path, os::OpenAs::create);
  if (!file) return tl::unexpected(file.error());
  Result<void> made = (*file)->allocate(bytes);
  // Its length is durable before its name counts.
  if (made) made = (*file)->sync();
  if (made) return {};
  file->reset();
  // The first error says more than what removing may say.
  static_cast<void>(disk.remove(path));
  return made;
}

Result<std::shared_ptr<Segment>> begin_segment(os::Disk& disk, const std::string& directory,
                                               const std::string& path,
                                               std::unique_ptr<os::DiskFile> file,
                                               const SegmentHeader& header) {
  const SegmentHeaderBytes bytes = encode_segment_header(header);
  const std::array piece{Bytes(bytes)};
  if (auto written = file->write_at(0, piece); !written) return tl::unexpected(written.error());
  if (auto synced = file->sync(); !synced) return tl::unexpected(synced.error());
  const std::string name = directory + "/" + segment_name(header.first);
  if (auto renamed = disk.rename(path, name); !renamed) return tl::unexpected(renamed.error());
  if (auto synced = disk.sync_directory(directory); !synced) return tl::unexpected(synced.error());
  return std::make_shared<Segment>(Segment{header, name, std::move(file)});
}

std::string Room::reserve_path(std::size_t index) const {
  return directory_ + "/reserve-" + std::to_string(index);
}

bool Room::has_whole_reserve() const {
  return std::find(reserve_.begin(), reserve_.end(), false) == reserve_.end();
}

Result<bool> Room::keep_if_whole(const std::string& name, std::uint64_t bytes) {
  const std::string path = directory_ + "/" + name;
  {
    const auto file = disk_.open(path, os::OpenAs::read);
    if (!file) return tl::unexpected(file.error());
    const Result<std::uint64_t> size = (*file)->size();
    if (!size) return tl::unexpected(size.error());
    if (*size == bytes) return true;
  }
  if (auto removed = disk_.remove(path); !removed) return tl::unexpected(removed.error());
  return false;
}

Result<void> Room::open(const std::vector<std::string>& names) {
  reserve_.assign(sizes_.reserve_count, false);
  for (const std::string& name : names) {
    const bool spare = name == "spare";
    for (std::size_t i = 0; i < reserve_.size(); ++i) {
      if (name != "reserve-" + std::to_string(i)) continue;
      const Result<bool> kept = keep_if_whole(name, sizes_.reserve_bytes);
      if (!kept) return tl::unexpected(kept.error());
      reserve_[i] = *kept;
    }
    if (!spare) continue;
    const Result<bool> kept = keep_if_whole(name, sizes_.segment_bytes);
    if (!kept) return tl::unexpected(kept.error());
    has_spare_ = *kept;
  }
  return prepare({});
}

Result<void> Room::make_missing() {
  if (!has_spare_) {
    if (auto made = make_file(disk_, spare_path(), sizes_.segment_bytes); !made) return made;
    has_spare_ = true;
    if (state_ == SpaceState::full) state_ = SpaceState::recovering;
  }
  for (std::size_t i = 0; i < reserve_.size(); ++i) {
    if (reserve_[i]) continue;
    if (auto made = make_file(disk_, reserve_path(i), sizes_.reserve_bytes); !made) return made;
    reserve_[i] = true;
  }
  return {};
}

Result<void> Room::prepare(MonoTime now) {
  if (is_prepared()) {
    state_ = SpaceState::ok;
    return {};
  }
  if (state_ != SpaceState::ok && now < ask_again_) return {};
  Result<void> made = make_missing();
  if (made) {
    state_ = SpaceState::ok;
    return {};
  }
  if (!is_full(made.error())) return made;
  ask_again_ = now + ask_every;
  state_ = has_spare_ ? SpaceState::recovering : SpaceState::full;
  return {};
}

Result<void> Room::fill(std::uint64_t committed_bytes) {
  if (!has_spare_ || filled_bytes_ == sizes_.segment_bytes || sizes_.fill_factor == 0 ||
      committed_bytes > small_commit_bytes) {
    return {};
  }
  owed_bytes_ += committed_bytes * sizes_.fill_factor;
  if (owed_bytes_ < sizes_.fill_bytes) return {};
  owed_bytes_ = 0;
  if (spare_ == nullptr) {
    auto file = disk_.open(spare_path(), os::OpenAs::write);
    // It can wait; at worst the segment is begun as it is.
    if (!file && is_full(file.error())) return {};
    if (!file) return tl::unexpected(file.error());
    spare_ = std::move(*file);
  }
  const std::uint64_t end = std::min(filled_bytes_ + sizes_.fill_bytes, sizes_.segment_bytes);
  if (auto written = write_zeroes(*spare_, filled_bytes_, end); !written) return written;
  spare_->start_writing(filled_bytes_, end - filled_bytes_);
  filled_bytes_ = end;
  return {};
}

Result<int> Room::choose() {
  if (!has_spare_) {
    Result<void> made = make_file(disk_, spare_path(), sizes_.segment_bytes);
    if (!made && !is_full(made.error())) return tl::unexpected(made.error());
    has_spare_ = made.has_value();
  }
  if (has_spare_) return -1;
  state_ = SpaceState::full;
  const auto left = std::find(reserve_.begin(), reserve_.end(), true);
  if (left == reserve_.end())
    return fail(ErrorCode::unavailable, directory_ + ": the disk is full, the reserve too");
  return static_cast<int>(left - reserve_.begin());
}

Result<std::shared_ptr<Segment>> Room::begin(SegmentHeader header) {
  const Result<int> chosen = choose();
  if (!chosen) return tl::unexpected(chosen.error());
  const bool spare = *chosen < 0;
  const auto index = static_cast<std::size_t>(spare ? 0 : *chosen);
  const std::string path = spare ? spare_path() : reserve_path(index);
  auto file = disk_.open(path, os::OpenAs::write);
  if (!file) return tl::unexpected(file.error());
  if (spare) {
    has_spare_ = false;
    spare_.reset();
    filled_bytes_ = 0;
  } else {
    reserve_[index] = false;
  }
  header.bytes = spare ? sizes_.segment_bytes : sizes_.reserve_bytes;
  return begin_segment(disk_, directory_, path, std::move(*file), header);
}

}  // namespace mqz::storage
