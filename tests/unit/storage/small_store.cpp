#include "tests/unit/storage/small_store.h"

#include <catch2/catch.hpp>

namespace mqz::storage {

JournalOptions small_options(Durability durability) {
  JournalOptions options;
  options.durability = durability;
  options.sizes = {4096, 2048, 2, 4096, 0};
  options.frame_bytes_max = 1024;
  return options;
}

Result<void> Texts::on_frame(const JournalFrame& frame) {
  RecordReader records(frame.frame);
  RecordView record;
  for (Position at = frame.first; records.next(record); ++at) {
    texts[at] = text_of(record.body);
    addresses[at] = frame.address_of(record);
  }
  next = frame.end();
  return {};
}

Result<void> Texts::on_gap(Position first, Position end) {
  gaps[first] = end;
  next = end;
  return {};
}

Result<void> Texts::on_snapshot_entry(const SnapshotEntry& entry) {
  entries[text_of(entry.key)] = text_of(entry.value);
  stamps[text_of(entry.key)] = entry.stamp;
  return {};
}

Result<SmallStore> open_small(os::Disk& disk, const JournalOptions& options) {
  SmallStore store;
  auto journal =
      open_store(disk, store_directory, options, 0x1234'5678'9ABC'DEF0, store.found, store.report);
  if (!journal) return tl::unexpected(journal.error());
  store.journal = std::move(*journal);
  return store;
}

SmallStore reopen(os::Disk& disk, const JournalOptions& options) {
  Result<SmallStore> store = open_small(disk, options);
  INFO((store ? "" : store.error().text));
  REQUIRE(store.has_value());
  return std::move(*store);
}

Position append(Journal& journal, FrameBuilder& frames, const std::vector<std::string>& texts) {
  frames.reuse(journal.take_buffer());
  for (const std::string& text : texts) frames.add(text_record, as_bytes(text));
  return journal.append(frames.take());
}

std::string text_of(Bytes bytes) { return std::string(as_text(bytes)); }

}  // namespace mqz::storage
