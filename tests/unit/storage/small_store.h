// A store so small that its tests meet every edge: segments of 4 KB, frames of at most 1 KB,
// records of text.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lib/storage/store.h"
#include "tests/unit/storage/fake_disk.h"

namespace mqz::storage {

inline constexpr const char* store_directory = "/store";
inline constexpr RecordHead text_record{7, 1, true, Part::whole};

JournalOptions small_options(Durability durability = Durability::sync);

// What a journal shows: position -> text.
class Texts final : public StoreVisitor {
 public:
  Result<void> on_frame(const JournalFrame& frame) override;
  Result<void> on_gap(Position first, Position end) override;
  Result<void> on_snapshot_entry(const SnapshotEntry& entry) override;

  std::map<Position, std::string> texts{};
  std::map<Position, Address> addresses{};
  std::map<Position, Position> gaps{};
  std::map<std::string, std::string> entries{};  // of the snapshot
  std::map<std::string, Position> stamps{};
  Position next = 0;  // of the last frame or gap
};

struct SmallStore {
  Texts found{};
  OpenReport report{};
  std::unique_ptr<Journal> journal{};
};

Result<SmallStore> open_small(os::Disk& disk, const JournalOptions& options = small_options());
// Requires that it succeeds.
SmallStore reopen(os::Disk& disk, const JournalOptions& options = small_options());

// Appends one frame with these records.
Position append(Journal& journal, FrameBuilder& frames, const std::vector<std::string>& texts);
std::string text_of(Bytes bytes);

}  // namespace mqz::storage
