// The folder lost/ of a store: what a repair takes out of the way, as it was.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "lib/os/disk.h"
#include "lib/storage/segment.h"

namespace mqz::storage {

// Damaged messages of queues that a broker passes over: those in segments that were there, or
// missing, when somebody accepted the loss. What is damaged there later cannot be told apart.
struct AcceptedLoss {
  std::uint32_t last_segment = 0;  // ordinal; 0: nothing is accepted

  bool covers(std::uint32_t segment) const { return segment <= last_segment; }
};
inline constexpr AcceptedLoss any_loss{std::numeric_limits<std::uint32_t>::max()};

// As lost/accepted says it; nothing where there is none, or it is not as it was written.
Result<AcceptedLoss> accepted_loss(os::Disk& disk, const std::string& directory);

// Of a store that is repaired and that nobody has open: the loss in all its segments is accepted.
Result<void> accept_loss(os::Disk& disk, const std::string& directory);

class LostFiles {
 public:
  // What is done is told in `done`, a line each.
  LostFiles(os::Disk& disk, std::string directory, std::vector<std::string>& done)
      : disk_(disk), directory_(std::move(directory)), done_(done) {}

  // Moves a file of the store there; beside one of that name from an earlier repair.
  Result<void> take(const std::string& name, const std::string& why);
  // Copies a file of the store there.
  Result<void> keep_copy(const std::string& name);
  // Copies bytes of a segment there, to SEGMENT-OFFSET.
  Result<void> copy(const Segment& segment, std::uint64_t begin, std::uint64_t end);
  // Where the last of the segments begins that are there as a whole.
  Result<std::optional<Position>> last_segment();

 private:
  std::string folder() const { return directory_ + "/lost"; }
  Result<std::string> free_name(const std::string& name);
  Result<std::unique_ptr<os::DiskFile>> create(const std::string& path);
  Result<void> copy_bytes(const os::DiskFile& from, std::uint64_t begin, std::uint64_t end,
                          const std::string& name);

  os::Disk& disk_;
  std::string directory_;
  std::vector<std::string>& done_;
};

}  // namespace mqz::storage
