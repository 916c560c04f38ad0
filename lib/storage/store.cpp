#include "lib/storage/store.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/check.h"
#include "lib/base/rules.h"
#include "lib/storage/identity.h"

namespace mqz::storage {

namespace {

using Names = std::vector<std::string>;

constexpr std::string_view first_name = "first";  // until it is a segment

Names names_ending_with(const Names& names, std::string_view ending) {
  Names found;
  std::copy_if(names.begin(), names.end(), std::back_inserter(found),
               [&](const std::string& name) { return position_in_name(name, ending).has_value(); });
  return found;
}

// What an interrupted process was writing, and nobody else.
bool is_temporary(std::string_view name) {
  constexpr std::string_view ending = ".tmp";
  if (!name.ends_with(ending)) return false;
  name.remove_suffix(ending.size());
  return name == first_name || name == "gap" || name == identity_name ||
         position_in_name(name, snapshot_ending);
}

Result<void> remove_temporary(os::Disk& disk, const std::string& directory, const Names& names) {
  for (const std::string& name : names) {
    if (!is_temporary(name)) continue;
    if (auto removed = disk.remove(fmt::format("{}/{}", directory, name)); !removed) return removed;
  }
  return {};
}

tl::unexpected<Error> missing_beside(const std::string& directory, const std::string& name) {
  return fail(ErrorCode::corrupt,
              fmt::format("{}/{}: missing beside {}", directory, identity_name, name));
}

// A store whose making was interrupted has at most a first segment without entries.
Result<void> remove_unfinished(os::Disk& disk, const std::string& directory, const Names& names) {
  const Names snapshots = names_ending_with(names, snapshot_ending);
  if (!snapshots.empty()) return missing_beside(directory, snapshots.front());
  const Names segments = names_ending_with(names, segment_ending);
  if (segments.empty()) return {};
  const std::string path = directory + "/" + segments.front();
  const auto segment = open_segment(disk, path, os::OpenAs::read);
  if (!segment) return tl::unexpected(segment.error());
  std::array<std::byte, entry_header_bytes> start{};
  const auto got = (*segment)->file->read_at(segment_header_bytes, start);
  if (!got) return tl::unexpected(got.error());
  if (segments.size() > 1 || (*segment)->header.ordinal != 1 || looks_like_entry(start.data()))
    return missing_beside(directory, segments.front());
  return disk.remove(path);
}

Result<std::uint64_t> make_store(os::Disk& disk, const std::string& directory, const Names& names,
                                 std::uint64_t store_id, const RoomSizes& sizes) {
  if (auto removed = remove_unfinished(disk, directory, names); !removed)
    return tl::unexpected(removed.error());
  if (auto removed = remove_temporary(disk, directory, names); !removed)
    return tl::unexpected(removed.error());
  const std::string path = fmt::format("{}/{}.tmp", directory, first_name);
  const std::uint64_t bytes = std::min(sizes.segment_bytes, sizes.first_bytes);
  if (auto made = make_file(disk, path, bytes); !made) return tl::unexpected(made.error());
  auto file = disk.open(path, os::OpenAs::write);
  if (!file) return tl::unexpected(file.error());
  if (sizes.fill_factor != 0) {
    if (auto filled = write_zeroes(**file, 0, bytes); !filled)
      return tl::unexpected(filled.error());
  }
  const auto segment =
      begin_segment(disk, directory, path, std::move(*file), {store_id, 1, 0, bytes, 1});
  if (!segment) return tl::unexpected(segment.error());
  if (auto written = write_identity(disk, directory, store_id); !written)
    return tl::unexpected(written.error());
  return store_id;
}

Result<Names> list_store(os::Disk& disk, const std::string& directory) {
  Result<Names> names = disk.list(directory);
  if (!names) return names;
  // What an earlier process renamed last may stand here and not yet on the medium.
  if (MQZ_RULE(names_synced)) {
    if (auto synced = disk.sync_directory(directory); !synced)
      return tl::unexpected(synced.error());
  }
  return names;
}

// The store's id; it is made when nothing is there.
Result<std::uint64_t> identify(os::Disk& disk, const std::string& directory, const Names& names,
                               std::uint64_t new_id, const RoomSizes& sizes, bool& is_new) {
  Result<std::uint64_t> store_id = read_identity(disk, directory);
  is_new = !store_id && store_id.error().code == ErrorCode::not_found;
  return is_new ? make_store(disk, directory, names, new_id, sizes) : store_id;
}

void check_sizes(const JournalOptions& options) {
  const std::uint64_t least = std::min(options.sizes.segment_bytes, options.sizes.reserve_bytes);
  MQZ_CHECK(segment_header_bytes + 2 * entry_header_bytes + options.frame_bytes_max + 8 <= least);
  MQZ_CHECK(options.sizes.segment_bytes % 8 == 0 && options.sizes.reserve_bytes % 8 == 0);
  MQZ_CHECK(options.sizes.first_bytes % 8 == 0 && options.sizes.first_bytes >= least);
  MQZ_CHECK(options.sizes.segment_bytes <= std::uint64_t{1} << 31U);
}

// The journal must hold everything that the snapshot's entries reflect.
Result<void> check_reach(const JournalEnd& end, const SnapshotSummary& snapshot) {
  if (!MQZ_RULE(snapshot_reach)) return {};
  if (end.next >= snapshot.totals.end && end.next >= snapshot.header.replay_from) return {};
  return fail(ErrorCode::corrupt,
              fmt::format("{}: offset {}: the journal ends before position {}, which {} reflects",
                          end.segment->path, end.offset, snapshot.totals.end, snapshot.name));
}

// The state, from the snapshot and what follows it.
Result<JournalEnd> read_store(os::Disk& disk, const std::string& directory, const Names& names,
                              const std::vector<std::shared_ptr<Segment>>& segments,
                              StoreVisitor& visitor, OpenReport& report) {
  const std::uint64_t store_id = segments.back()->header.store_id;
  const auto snapshot = read_newest_snapshot(disk, directory, names, store_id, visitor);
  if (!snapshot) return tl::unexpected(snapshot.error());
  report.snapshot = *snapshot;
  auto end = recover_segments(segments, snapshot->header.replay_from, visitor, report.journal);
  if (!end) return end;
  if (auto reaches = check_reach(*end, *snapshot); !reaches) return tl::unexpected(reaches.error());
  return end;
}

}  // namespace

Result<std::unique_ptr<Journal>> open_store(os::Disk& disk, const std::string& directory,
                                            const JournalOptions& options, std::uint64_t new_id,
                                            StoreVisitor& visitor, OpenReport& report) {
  check_sizes(options);
  if (auto made = disk.make_directory(directory); !made) return tl::unexpected(made.error());
  auto lock = disk.lock(directory + "/LOCK");
  if (!lock) return tl::unexpected(lock.error());
  Result<Names> names = list_store(disk, directory);
  if (!names) return tl::unexpected(names.error());
  const auto store_id = identify(disk, directory, *names, new_id, options.sizes, report.is_new);
  if (!store_id) return tl::unexpected(store_id.error());
  if (report.is_new) names = disk.list(directory);
  if (!names) return tl::unexpected(names.error());

  const Names files = names_ending_with(*names, segment_ending);
  if (files.empty())
    return fail(ErrorCode::corrupt, directory + ": the journal's segments are missing");
  const auto segments = open_segments(disk, directory, files, *store_id);
  if (!segments) return tl::unexpected(segments.error());
  auto end = read_store(disk, directory, *names, *segments, visitor, report);
  if (!end) return tl::unexpected(end.error());
  if (auto removed = remove_temporary(disk, directory, *names); !removed)
    return tl::unexpected(removed.error());

  Journal::Parts parts{disk,
                       directory,
                       std::move(*lock),
                       std::make_unique<SegmentTable>(),
                       std::make_unique<Room>(disk, directory, options.sizes),
                       std::move(*end)};
  for (const auto& segment : *segments) parts.table->add(segment);
  if (auto room = parts.room->open(*names); !room) return tl::unexpected(room.error());
  return std::make_unique<Journal>(std::move(parts), options);
}

}  // namespace mqz::storage
