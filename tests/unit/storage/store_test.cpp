// A store as a whole: snapshots, what follows them, reading bodies back, removing segments.
#include "lib/storage/store.h"

#include <catch2/catch.hpp>

#include "lib/storage/body_reader.h"
#include "lib/storage/compaction.h"
#include "tests/unit/storage/small_store.h"

using namespace mqz;
using namespace mqz::storage;

namespace {

MonoTime at(int ms) { return MonoTime{Millis{ms}}; }

std::string long_text(int i) { return std::to_string(i) + std::string(300, 'x'); }

// Appends `count` frames with a record each, each committed.
void fill(Journal& journal, FrameBuilder& frames, int count) {
  for (int i = 0; i < count; ++i) {
    append(journal, frames, {long_text(static_cast<int>(journal.next_position()))});
    journal.step(at(i));
  }
}

Result<void> snapshot(Journal& journal, Position replay_from, Position stamp) {
  auto writer =
      SnapshotWriter::begin(journal.disk(), journal.directory(), {journal.store_id(), replay_from});
  if (!writer) return tl::unexpected(writer.error());
  SnapshotSlice slice;
  slice.add({1, 1, as_bytes("key"), stamp, as_bytes("value")});
  if (auto added = writer->add(std::move(slice)); !added) return added;
  return writer->finish();
}

}  // namespace

TEST_CASE("replay begins where the snapshot says, after its entries", "[storage]") {
  FakeDisk disk;
  {
    SmallStore store = reopen(disk);
    FrameBuilder frames(1);
    fill(*store.journal, frames, 40);
    REQUIRE(snapshot(*store.journal, 31, 35).has_value());
    store.journal->finish(at(100));
  }
  SmallStore store = reopen(disk);
  CHECK(store.found.entries.at("key") == "value");
  CHECK(store.found.stamps.at("key") == 35);
  CHECK(store.found.texts.begin()->first == 31);
  CHECK(store.found.texts.size() == 10);
  CHECK(store.report.snapshot.header.replay_from == 31);
  CHECK(store.report.journal.bytes < 3 * 4096);

  // Segments that nobody needs may go; the next start does not miss them.
  const LiveBodies none;
  const auto plan = plan_compaction(segment_loads(store.journal->segments(), none), 31);
  REQUIRE(plan.remove.size() > 1);
  CHECK(store.journal->remove_segments(plan.remove, 41).value());
  CHECK(store.journal->segments().find(plan.remove[0]) == nullptr);
  store.journal.reset();
  CHECK(reopen(disk).found.texts.size() == 10);
}

TEST_CASE("a journal that ends before what its snapshot reflects is refused", "[storage]") {
  FakeDisk disk;
  {
    SmallStore store = reopen(disk);
    FrameBuilder frames(1);
    fill(*store.journal, frames, 5);
    REQUIRE(snapshot(*store.journal, 3, 99).has_value());
  }
  const auto store = open_small(disk);
  REQUIRE_FALSE(store.has_value());
  CHECK(store.error().text.find("the journal ends before position 100") != std::string::npos);
}

TEST_CASE("segments stay until what emptied them is durable", "[storage]") {
  FakeDisk disk;
  SmallStore store = reopen(disk, small_options(Durability::none));
  FrameBuilder frames(1);
  fill(*store.journal, frames, 40);
  REQUIRE(store.journal->durable_end() < 41);
  const std::array<std::uint32_t, 1> first{1};
  CHECK_FALSE(store.journal->remove_segments(first, 41).value());
  CHECK(store.journal->segments().find(1) != nullptr);
  store.journal->step(at(1000));  // the sync was asked for
  CHECK(store.journal->durable_end() == 41);
  CHECK(store.journal->remove_segments(first, 41).value());
}

TEST_CASE("a body is read back by its address, in any order, while the journal grows",
          "[storage]") {
  FakeDisk disk;
  SmallStore store = reopen(disk);
  FrameBuilder frames(1);
  BodyReader reader(store.journal->segments());
  std::vector<Committed> places;
  simulation::Random random(5);
  for (int round = 0; round < 30; ++round) {
    fill(*store.journal, frames, 3);
    store.journal->take_committed(places);
    for (int i = 0; i < 10; ++i) {
      const Committed& place = places[random.below(places.size())];
      const auto record = reader.read(place.address_of(frame_header_bytes));
      REQUIRE(record.has_value());
      REQUIRE(text_of(record->body) == long_text(static_cast<int>(place.first)));
    }
  }
  for (const Committed& place : places) {
    REQUIRE(text_of(reader.read(place.address_of(frame_header_bytes))->body) ==
            long_text(static_cast<int>(place.first)));
  }
  const std::array<std::uint32_t, 1> first{1};
  BodyReader other(store.journal->segments());
  REQUIRE(reader.read(places[0].address_of(frame_header_bytes)).has_value());
  REQUIRE(store.journal->remove_segments(first, 1).value());
  // Who has the segment open reads on; who comes later is told.
  CHECK(reader.read(places[1].address_of(frame_header_bytes)).has_value());
  CHECK(other.read(places[1].address_of(frame_header_bytes)).error().code == ErrorCode::not_found);
  reader.release();
  CHECK(reader.read(places[1].address_of(frame_header_bytes)).error().code == ErrorCode::not_found);
}

TEST_CASE("a queue is read with few calls, and damage in it is told with its place", "[storage]") {
  FakeDisk disk;
  JournalOptions options = small_options();
  options.sizes = {1U << 20U, 2048, 1, 1U << 20U, 0};
  SmallStore store = reopen(disk, options);
  FrameBuilder frames(1);
  fill(*store.journal, frames, 1000);
  std::vector<Committed> places;
  store.journal->take_committed(places);
  BodyReader reader(store.journal->segments());
  const std::uint64_t before = disk.calls();
  for (const Committed& place : places)
    REQUIRE(reader.read(place.address_of(frame_header_bytes)).has_value());
  CHECK(disk.calls() - before < 20);
  const Address address = places[500].address_of(frame_header_bytes);
  const std::string path = std::string(store_directory) + "/" + segment_name(1);
  disk.flip_bit(path, (address.offset + 100) * std::size_t{8});
  reader.release();
  const auto damaged = reader.read(address);
  REQUIRE_FALSE(damaged.has_value());
  CHECK(damaged.error().code == ErrorCode::corrupt);
  CHECK(damaged.error().text ==
        path + ": offset " + std::to_string(address.offset) + ": a record is not what was written");
}

TEST_CASE("a record larger than what is read ahead is read whole", "[storage]") {
  FakeDisk disk;
  JournalOptions options = small_options();
  options.sizes = {1U << 20U, 1U << 18U, 1, 1U << 20U, 0};
  options.frame_bytes_max = 1U << 17U;
  SmallStore store = reopen(disk, options);
  FrameBuilder frames(1);
  const std::string text(100'000, 'y');
  append(*store.journal, frames, {"a", text});
  store.journal->step(at(1));
  std::vector<Committed> places;
  store.journal->take_committed(places);
  BodyReader reader(store.journal->segments());
  const auto address = places[0].address_of(frame_header_bytes + record_header_bytes + 1);
  CHECK(text_of(reader.read(address)->body) == text);
}
