// Keeps room for the journal on the disk: the next segment, made before it is needed, and a reserve
// for when the disk is full, so that what frees memory and disk can still be committed.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/os/disk.h"
#include "lib/storage/segment.h"

namespace mqz::storage {

enum class SpaceState : std::uint8_t {
  ok,
  full,        // no room for a segment: only small records, which go to the reserve
  recovering,  // there is room for a segment again, and not yet for the whole reserve
};

struct RoomSizes {
  std::uint64_t segment_bytes = std::uint64_t{64} << 20U;
  std::uint64_t reserve_bytes = std::uint64_t{8} << 20U;  // of one segment of the reserve
  std::uint32_t reserve_count = 2;
  // A store's first segment: small, so that its zeroes are soon written.
  std::uint64_t first_bytes = std::uint64_t{8} << 20U;
  // For each byte of a small batch so many of the next segment are written as zeroes, in pieces of
  // fill_bytes; 0: none. An allocated block costs half as much again at its first sync as one that
  // was written before.
  std::uint32_t fill_factor = 4;
  std::uint64_t fill_bytes = std::uint64_t{256} << 10U;
  // A segment is as large as segment_bytes where the disk has 16 times that free; where it has
  // less, smaller, and not smaller than this.
  std::uint64_t least_bytes = std::uint64_t{8} << 20U;
};

class Room {
 public:
  Room(os::Disk& disk, std::string directory, const RoomSizes& sizes);

  // Looks what an earlier process has left, and removes what is not whole.
  Result<void> open(const std::vector<std::string>& names);
  // Makes what is missing, if there is room; asks the disk again at most once a second. An error is
  // another one than a full disk.
  Result<void> prepare(MonoTime now);
  // Writes zeroes to the next segment, for a commit of so many bytes. Quick: nothing is synced.
  Result<void> fill(std::uint64_t committed_bytes);
  bool is_prepared() const { return spare_.file != nullptr && has_whole_reserve(); }
  SpaceState state() const { return state_; }
  // For a person: why the state is not ok. "" before anything was missing.
  const std::string& shortage() const { return shortage_; }
  // Begins a segment; from the reserve if nothing else is there. The segment is durable and empty.
  // `unavailable` when the disk is full and the reserve is used up, or when there was no room on
  // the way: then everything is as before, and it may be asked for again.
  Result<std::shared_ptr<Segment>> begin(SegmentHeader header);

 private:
  // A segment to be; there as long as the file is open.
  struct Prepared {
    std::string path{};
    std::unique_ptr<os::DiskFile> file{};
    std::uint64_t bytes = 0;
  };
  std::string path_of(const std::string& name) const { return directory_ + "/" + name; }
  std::uint64_t least_spare() const { return std::min(sizes_.least_bytes, sizes_.segment_bytes); }
  bool has_whole_reserve() const;
  // Of the size it has to have, or at least of this one.
  Result<void> keep_if_whole(Prepared& place, std::uint64_t least_bytes);
  Result<void> make(Prepared& place);
  Result<void> make_spare();
  Result<void> make_reserve();
  void note_shortage(std::string_view what, std::uint64_t bytes, const Error& error);
  Result<void> make_missing();
  // Which is next; unavailable if there is none.
  Result<Prepared*> choose();

  os::Disk& disk_;
  std::string directory_;
  RoomSizes sizes_;
  // Open, as what is prepared is: the next segment needs no descriptor more.
  std::unique_ptr<os::DiskDirectory> names_{};
  Prepared spare_{};
  std::uint64_t filled_bytes_ = 0;  // of it
  std::uint64_t owed_bytes_ = 0;    // of zeroes
  std::vector<Prepared> reserve_{};
  SpaceState state_ = SpaceState::ok;
  std::string shortage_{};
  MonoTime ask_again_{};
};

// Writes zeroes.
Result<void> write_zeroes(os::DiskFile& file, std::uint64_t from, std::uint64_t end);

// A file of this size, as zeroes; removed again if there is no room. Its name is not yet durable.
Result<std::unique_ptr<os::DiskFile>> create_file(os::Disk& disk, const std::string& path,
                                                  std::uint64_t bytes);
Result<void> make_file(os::Disk& disk, const std::string& path, std::uint64_t bytes);

// Gives the file at `path` this header and its final name, durably. After `unavailable` it still
// has its old name and `file` is as it was; or `file` is null and the file is gone.
Result<std::shared_ptr<Segment>> begin_segment(os::Disk& disk, const std::string& directory,
                                               const std::string& path,
                                               std::unique_ptr<os::DiskFile>&& file,
                                               const SegmentHeader& header);
// The same where the directory is open.
Result<std::shared_ptr<Segment>> begin_segment(os::Disk& disk, os::DiskDirectory& names,
                                               const std::string& directory,
                                               const std::string& path,
                                               std::unique_ptr<os::DiskFile>&& file,
                                               const SegmentHeader& header);

// Of a sync that failed: not even a full disk is a reason to believe a later one.
tl::unexpected<Error> sync_failed(Error error);

}  // namespace mqz::storage
