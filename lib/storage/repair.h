// Makes a damaged store one that opens, at the price of what cannot be read. Nothing is thrown
// away: what is taken out of the way goes to lost/, as it was.
#pragma once

#include <string>
#include <vector>

#include "lib/os/disk.h"
#include "lib/storage/segment.h"

namespace mqz::storage {

struct LostRange {
  Position first = 0;
  Position end = 0;
  bool is_open = false;  // nothing says how much behind it is lost, too
};

// "positions 7 to 9 are lost"
std::string text_of(const LostRange& lost);

struct RepairReport {
  // Positions whose records are gone and in no snapshot; the journal says so from now on, as gaps.
  std::vector<LostRange> lost{};
  // Parts of the snapshot that it was not possible to keep; sessions and retained messages in them
  // are gone, but for what the journal still says of them.
  std::uint64_t lost_of_snapshot = 0;
  // What was done, one line each, with file and offset.
  std::vector<std::string> done{};
};

// The caller has been told that something is lost, and has accepted it. A store that is sound is
// not changed. May be repeated after a stop. conflict when somebody has the store open.
Result<RepairReport> repair_store(os::Disk& disk, const std::string& directory);

}  // namespace mqz::storage
