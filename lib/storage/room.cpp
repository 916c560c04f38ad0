#include "lib/storage/room.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mqz::storage {

namespace {

constexpr Millis ask_every{1000};
// Where commits are this large the disk is busy, and has better things to write.
constexpr std::uint64_t small_commit_bytes = std::uint64_t{64} << 10U;

// The disk, or the process's table of descriptors.
bool is_full(const Error& error) { return error.code == ErrorCode::unavailable; }

std::string text_of_bytes(std::uint64_t bytes) {
  constexpr std::uint64_t megabyte = std::uint64_t{1} << 20U;
  return bytes < megabyte ? fmt::format("{} bytes", bytes) : fmt::format("{} MB", bytes / megabyte);
}

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

Result<std::unique_ptr<os::DiskFile>> create_file(os::Disk& disk, const std::string& path,
                                                  std::uint64_t bytes) {
  auto file = disk.open(path, os::OpenAs::create);
  if (!file) return file;
  Result<void> made = (*file)->allocate(bytes);
  // Its length is durable before its name counts.
  if (made) made = (*file)->sync();
  if (made) return file;
  file->reset();
  // The first error says more than what removing may say.
  static_cast<void>(disk.remove(path));
  return tl::unexpected(made.error());
}

Result<void> make_file(os::Disk& disk, const std::string& path, std::uint64_t bytes) {
  const auto file = create_file(disk, path, bytes);
  if (!file) return tl::unexpected(file.error());
  return {};
}

tl::unexpected<Error> sync_failed(Error error) {
  error.code = ErrorCode::io;
  return tl::unexpected(std::move(error));
}

Result<std::shared_ptr<Segment>> begin_segment(os::Disk& disk, const std::string& directory,
                                               const std::string& path,
                                               std::unique_ptr<os::DiskFile>&& file,
                                               const SegmentHeader& header) {
  const auto names = disk.open_directory(directory);
  if (!names) return tl::unexpected(names.error());
  return begin_segment(disk, **names, directory, path, std::move(file), header);
}

Result<std::shared_ptr<Segment>> begin_segment(os::Disk& disk, os::DiskDirectory& names,
                                               const std::string& directory,
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
  if (auto synced = names.sync(); !synced) return sync_failed(synced.error());
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

Result<void> Room::keep_if_whole(Prepared& place, std::uint64_t least_bytes) {
  auto file = disk_.open(place.path, os::OpenAs::write);
  if (!file) return tl::unexpected(file.error());
  const Result<std::uint64_t> size = (*file)->size();
  if (!size) return tl::unexpected(size.error());
  if (*size < least_bytes || *size > place.bytes || *size % 8 != 0) {
    file->reset();
    return disk_.remove(place.path);
  }
  place.file = std::move(*file);
  place.bytes = *size;
  return {};
}

Result<void> Room::open(const std::vector<std::string>& names) {
  auto directory = disk_.open_directory(directory_);
  if (!directory) return tl::unexpected(directory.error());
  names_ = std::move(*directory);
  for (const std::string& name : names) {
    const std::string path = path_of(name);
    if (path == spare_.path) {
      if (auto kept = keep_if_whole(spare_, least_spare()); !kept) return kept;
    }
    for (Prepared& one : reserve_) {
      if (path != one.path) continue;
      if (auto kept = keep_if_whole(one, one.bytes); !kept) return kept;
    }
  }
  return prepare({});
}

Result<void> Room::make(Prepared& place) {
  auto made = create_file(disk_, place.path, place.bytes);
  if (!made && made.error().code == ErrorCode::conflict) {
    // What an earlier try could not remove.
    if (auto removed = disk_.remove(place.path); !removed) return removed;
    made = create_file(disk_, place.path, place.bytes);
  }
  if (!made) return tl::unexpected(made.error());
  place.file = std::move(*made);
  return {};
}

void Room::note_shortage(std::string_view what, std::uint64_t bytes, const Error& error) {
  if (!error.hint.empty()) {
    shortage_ = fmt::format("no {} for the store: {}; {}", what, error.text, error.hint);
    return;
  }
  const auto free = disk_.free_bytes(directory_);
  shortage_ =
      fmt::format("the store's disk is full: no room for its {}: {} wanted, {} free in {}", what,
                  text_of_bytes(bytes), free ? text_of_bytes(*free) : "0 bytes", directory_);
}

// As much as the disk can well spare. Where it says too much (a quota), less.
Result<void> Room::make_spare() {
  constexpr std::uint64_t share = 16;
  constexpr std::uint64_t page = 4096;
  const std::uint64_t free = disk_.free_bytes(directory_).value_or(0);
  filled_bytes_ = 0;
  spare_.bytes = std::clamp(free / share / page * page, least_spare(), sizes_.segment_bytes);
  Result<void> made = make(spare_);
  if (!made && is_full(made.error()) && spare_.bytes > least_spare()) {
    spare_.bytes = least_spare();
    made = make(spare_);
  }
  if (!made) note_shortage("next segment", spare_.bytes, made.error());
  return made;
}

Result<void> Room::make_reserve() {
  for (Prepared& one : reserve_) {
    if (one.file != nullptr) continue;
    if (auto made = make(one); !made) {
      note_shortage("reserve", one.bytes, made.error());
      return made;
    }
  }
  return {};
}

Result<void> Room::make_missing() {
  if (spare_.file == nullptr) {
    if (auto made = make_spare(); !made) return made;
    if (state_ == SpaceState::full) state_ = SpaceState::recovering;
  }
  return make_reserve();
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
    return fail(ErrorCode::unavailable, shortage_ + ", and its reserve is used up");
  return &*left;
}

Result<std::shared_ptr<Segment>> Room::begin(SegmentHeader header) {
  const Result<Prepared*> chosen = choose();
  if (!chosen) return tl::unexpected(chosen.error());
  Prepared& taken = **chosen;
  header.bytes = taken.bytes;
  return begin_segment(disk_, *names_, directory_, taken.path, std::move(taken.file), header);
}

}  // namespace mqz::storage
