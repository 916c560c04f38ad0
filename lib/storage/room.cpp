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

tl::unexpected<Error> sync_failed(Error error) {
  error.code = ErrorCode::io;
  return tl::unexpected(std::move(error));
}

Result<std::shared_ptr<Segment>> begin_segment(os::Disk& disk, const std::string& directory,
                                               const std::string& path,
                                               std::unique_ptr<os::DiskFile>&& file,
                                               const SegmentHeader& header) {
  const SegmentHeaderBytes bytes = encode_segment_header(header);
  const std::array piece{Bytes(bytes)};
  if (auto written = file->write_at(0, piece); !written) return tl::unexpected(written.error());
  if (auto synced = file->sync(); !synced) {
    // Another file will do: nobody has been promised anything of this one.
    file.reset();
    static_cast<void>(disk.remove(path));
    return tl::unexpected(synced.error());
  }
  const std::string name = directory + "/" + segment_name(header.first);
  if (auto renamed = disk.rename(path, name); !renamed) return tl::unexpected(renamed.error());
  if (auto synced = disk.sync_directory(directory); !synced) return sync_failed(synced.error());
  return std::make_shared<Segment>(Segment{header, name, std::move(file)});
}

Room::Room(os::Disk& disk, std::string directory, const RoomSizes& sizes)
    : disk_(disk), directory_(std::move(directory)), sizes_(sizes) {
  spare_ = {path_of("spare"), nullptr, sizes_.segment_bytes};
  for (std::uint32_t i = 0; i < sizes_.reserve_count; ++i)
    reserve_.push_back({path_of("reserve-" + std::to_string(i)), nullptr, sizes_.reserve_bytes});
}

bool Room::has_whole_reserve() const {
  return std::ranges::all_of(reserve_, [](const Prepared& one) { return one.file != nullptr; });
}

Result<void> Room::keep_if_whole(Prepared& place) {
  auto file = disk_.open(place.path, os::OpenAs::write);
  if (!file) return tl::unexpected(file.error());
  const Result<std::uint64_t> size = (*file)->size();
  if (!size) return tl::unexpected(size.error());
  if (*size != place.bytes) {
    file->reset();
    return disk_.remove(place.path);
  }
  place.file = std::move(*file);
  return {};
}

Result<void> Room::open(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::string path = path_of(name);
    if (path == spare_.path) {
      if (auto kept = keep_if_whole(spare_); !kept) return kept;
    }
    for (Prepared& one : reserve_) {
      if (path != one.path) continue;
      if (auto kept = keep_if_whole(one); !kept) return kept;
    }
  }
  return prepare({});
}

Result<void> Room::make(Prepared& place) {
  Result<void> made = make_file(disk_, place.path, place.bytes);
  if (!made && made.error().code == ErrorCode::conflict) {
    // What an earlier try could not remove.
    if (auto removed = disk_.remove(place.path); !removed) return removed;
    made = make_file(disk_, place.path, place.bytes);
  }
  if (!made) return made;
  auto file = disk_.open(place.path, os::OpenAs::write);
  if (!file) return tl::unexpected(file.error());
  place.file = std::move(*file);
  return {};
}

Result<void> Room::make_spare() {
  filled_bytes_ = 0;
  return make(spare_);
}

Result<void> Room::make_missing() {
  if (spare_.file == nullptr) {
    if (auto made = make_spare(); !made) return made;
    if (state_ == SpaceState::full) state_ = SpaceState::recovering;
  }
  for (Prepared& one : reserve_) {
    if (one.file != nullptr) continue;
    if (auto made = make(one); !made) return made;
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
  state_ = spare_.file != nullptr ? SpaceState::recovering : SpaceState::full;
  return {};
}

Result<void> Room::fill(std::uint64_t committed_bytes) {
  if (spare_.file == nullptr || filled_bytes_ == spare_.bytes || sizes_.fill_factor == 0 ||
      committed_bytes > small_commit_bytes) {
    return {};
  }
  owed_bytes_ += committed_bytes * sizes_.fill_factor;
  if (owed_bytes_ < sizes_.fill_bytes) return {};
  owed_bytes_ = 0;
  const std::uint64_t end = std::min(filled_bytes_ + sizes_.fill_bytes, spare_.bytes);
  if (auto written = write_zeroes(*spare_.file, filled_bytes_, end); !written) {
    if (!is_full(written.error())) return written;
    // Zeroes spare time, and are no condition: the segment is begun as it is.
    filled_bytes_ = spare_.bytes;
    return {};
  }
  spare_.file->start_writing(filled_bytes_, end - filled_bytes_);
  filled_bytes_ = end;
  return {};
}

Result<Room::Prepared*> Room::choose() {
  if (spare_.file == nullptr) {
    const Result<void> made = make_spare();
    if (!made && !is_full(made.error())) return tl::unexpected(made.error());
  }
  if (spare_.file != nullptr) return &spare_;
  state_ = SpaceState::full;
  const auto left =
      std::ranges::find_if(reserve_, [](const Prepared& one) { return one.file != nullptr; });
  if (left == reserve_.end())
    return fail(ErrorCode::unavailable, directory_ + ": the disk is full, the reserve too");
  return &*left;
}

Result<std::shared_ptr<Segment>> Room::begin(SegmentHeader header) {
  const Result<Prepared*> chosen = choose();
  if (!chosen) return tl::unexpected(chosen.error());
  Prepared& taken = **chosen;
  header.bytes = taken.bytes;
  return begin_segment(disk_, directory_, taken.path, std::move(taken.file), header);
}

}  // namespace mqz::storage
