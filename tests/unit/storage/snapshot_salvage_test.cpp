// Of a damaged snapshot everything is kept that is sure to be as it was.
#include "lib/storage/snapshot_salvage.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>

#include "lib/storage/inspect.h"
#include "lib/storage/repair.h"
#include "tests/unit/storage/small_store.h"

using namespace mqz;
using namespace mqz::storage;

namespace {

constexpr Position records = 40;

JournalOptions tiny_options() {
  JournalOptions options = small_options();
  options.sizes = {1536, 1024, 1, 1536, 0};
  options.frame_bytes_max = 256;
  return options;
}

void fill(FakeDisk& disk) {
  SmallStore store = reopen(disk, tiny_options());
  FrameBuilder frames(1);
  for (Position i = 1; i <= records; ++i) {
    append(*store.journal, frames, {std::to_string(i) + std::string(90, 'x')});
    store.journal->step(MonoTime{Millis{i * 40}});
    if (i % 5 == 0) store.journal->step(MonoTime{Millis{i * 40 + 50}});
  }
  store.journal->finish(MonoTime{Millis{10'000}});
}

Texts texts_of(FakeDisk& disk) { return reopen(disk, tiny_options()).found; }

std::vector<std::string> segments_of(const FakeDisk& disk) {
  std::vector<std::string> paths;
  for (const std::string& path : disk.paths()) {
    if (path.ends_with(segment_ending) && path.find("lost/") == std::string::npos)
      paths.push_back(path);
  }
  return paths;
}

constexpr std::size_t blocks = 6;
constexpr std::size_t entries_in_block = 3;

// The journal does not go back to the beginning of the snapshot: only this has these entries.
std::string fill_with_needed_snapshot(FakeDisk& disk) {
  fill(disk);
  auto writer = SnapshotWriter::begin(disk, store_directory, {0x1234'5678'9ABC'DEF0, 25, 5});
  for (std::size_t block = 0; block < blocks; ++block) {
    SnapshotSlice slice;
    for (std::size_t i = 0; i < entries_in_block; ++i) {
      const std::string key = std::to_string(block) + std::to_string(i);
      slice.add({1, 1, as_bytes(key), 30, as_bytes("value " + key)});
    }
    REQUIRE(writer->add(std::move(slice)).has_value());
  }
  REQUIRE(writer->finish().has_value());
  const auto segments = segments_of(disk);
  REQUIRE(disk.remove(segments[0]).has_value());
  REQUIRE(disk.remove(segments[1]).has_value());
  return std::string(store_directory) + "/" + name_of_position(25, snapshot_ending);
}

// How many entries are kept, after a repair; none is another one than it was.
std::size_t entries_kept(FakeDisk& disk, const Texts& expected) {
  REQUIRE(repair_store(disk, store_directory).has_value());
  CHECK(verify_store(disk, store_directory)->damage.empty());
  CHECK(repair_store(disk, store_directory)->done.empty());
  const SmallStore store = reopen(disk, tiny_options());
  for (const auto& [key, value] : store.found.entries) {
    CHECK(expected.entries.at(key) == value);
    CHECK(store.found.stamps.at(key) == 30);
  }
  return store.found.entries.size();
}

}  // namespace

TEST_CASE("of a damaged snapshot that is needed the sound blocks are kept", "[storage]") {
  FakeDisk disk;
  const std::string path = fill_with_needed_snapshot(disk);
  const Texts expected = texts_of(*disk.kill());
  REQUIRE(expected.entries.size() == blocks * entries_in_block);
  const std::size_t size = disk.contents(path).size();
  std::size_t all_but_one = 0;
  for (std::size_t byte = 0; byte < size; byte += 3) {
    CAPTURE(byte);
    const auto copy = disk.kill();
    copy->flip_bit(path, byte * 8 + byte % 8);
    const std::size_t kept = entries_kept(*copy, expected);
    CHECK(kept % entries_in_block == 0);
    all_but_one += kept == (blocks - 1) * entries_in_block;
    const auto aside = copy->contents(std::string(store_directory) + "/lost/" + path.substr(7));
    CHECK(aside.size() == size);
  }
  CHECK(all_but_one > size / 3 / 4);
  const std::size_t totals = block_header_bytes + 32;
  const std::size_t block_bytes = (size - snapshot_header_bytes - totals) / blocks;
  for (std::size_t bytes = 600; bytes < size; bytes += 41) {
    CAPTURE(bytes);
    const auto copy = disk.kill();
    copy->resize(path, bytes);
    const std::size_t whole = std::min(blocks, (bytes - snapshot_header_bytes) / block_bytes);
    CHECK(entries_kept(*copy, expected) == whole * entries_in_block);
  }
}

namespace {

void overwrite(FakeDisk& disk, const std::string& path, std::size_t offset, std::size_t bytes) {
  std::vector<std::byte> all(disk.contents(path).begin(), disk.contents(path).end());
  std::fill_n(all.begin() + static_cast<std::ptrdiff_t>(offset), bytes, std::byte{0xA5});
  disk.replace(path, all);
}

// Where the blocks of a snapshot's file begin; its entries do not have the word in them.
std::vector<std::size_t> blocks_of(FakeDisk& disk, const std::string& path) {
  std::vector<std::size_t> found;
  const std::string_view text = as_text(disk.contents(path));
  for (std::size_t at = text.find("mqzB"); at != text.npos; at = text.find("mqzB", at + 1))
    found.push_back(at);
  return found;
}

}  // namespace

TEST_CASE("a block of a snapshot that has lost its header alone is kept", "[storage]") {
  FakeDisk disk;
  const std::string path = fill_with_needed_snapshot(disk);
  const Texts expected = texts_of(*disk.kill());
  const auto begins = blocks_of(disk, path);
  REQUIRE(begins.size() == blocks + 1);
  for (std::size_t block = 0; block < blocks; ++block) {
    CAPTURE(block);
    const auto copy = disk.kill();
    overwrite(*copy, path, begins[block], block_header_bytes);
    CHECK(entries_kept(*copy, expected) == blocks * entries_in_block);
    const auto other = disk.kill();  // only its length, which is now much more than there is
    overwrite(*other, path, begins[block] + 8, 3);
    CHECK(entries_kept(*other, expected) == blocks * entries_in_block);
  }
}

TEST_CASE("behind a place that is no block a snapshot is read on at the next one", "[storage]") {
  FakeDisk disk;
  const std::string path = fill_with_needed_snapshot(disk);
  const Texts expected = texts_of(*disk.kill());
  const auto begins = blocks_of(disk, path);
  for (std::size_t first = 0; first < blocks; ++first) {
    for (std::size_t end = first + 1; end <= blocks; ++end) {
      CAPTURE(first, end);
      const auto copy = disk.kill();
      overwrite(*copy, path, begins[first], begins[end] - begins[first]);
      const auto remains = walk_snapshot(*copy, store_directory, path.substr(path.rfind('/') + 1),
                                         0x1234'5678'9ABC'DEF0, nullptr);
      REQUIRE(remains.has_value());
      REQUIRE(remains->lost.size() == 1);
      CHECK(remains->lost[0].offset == begins[first]);
      CHECK(remains->lost[0].bytes == begins[end] - begins[first]);
      CHECK(remains->entries == (blocks - (end - first)) * entries_in_block);
      if (remains->entries > 0)
        CHECK(entries_kept(*copy, expected) == (blocks - (end - first)) * entries_in_block);
    }
  }
}

TEST_CASE("a block inside a damaged one is not taken for it or for the next", "[storage]") {
  const std::uint64_t number = GENERATE(1, 2, 3, 4);  // that the forged one says
  CAPTURE(number);
  FakeDisk disk;
  fill(disk);
  const SnapshotHeader header{0x1234'5678'9ABC'DEF0, 25, 5};
  BlockSealer forger(header);
  std::string forged;
  for (std::uint64_t at = 0; at <= number; ++at) {
    SnapshotSlice slice;
    slice.add({1, 1, as_bytes("forged"), 30, as_bytes("value")});
    forged = text_of(forger.seal(slice));
  }
  auto writer = SnapshotWriter::begin(disk, store_directory, header);
  for (const char* key : {"a", "b", "c"}) {
    SnapshotSlice slice;
    slice.add({1, 1, as_bytes(key), 30, as_bytes(std::string(100, '.') + forged)});
    REQUIRE(writer->add(std::move(slice)).has_value());
  }
  REQUIRE(writer->finish().has_value());
  REQUIRE(disk.remove(segments_of(disk)[0]).has_value());
  const std::string path =
      std::string(store_directory) + "/" + name_of_position(25, snapshot_ending);
  const auto begins = blocks_of(disk, path);
  overwrite(disk, path, begins[2], block_header_bytes + 40);  // "b": behind "a" and what is in it
  REQUIRE(repair_store(disk, store_directory).has_value());
  CHECK_FALSE(reopen(disk, tiny_options()).found.entries.contains("forged"));
}

TEST_CASE("a block that somebody has published is not taken for one of the snapshot", "[storage]") {
  FakeDisk disk;
  fill(disk);
  const SnapshotHeader header{0x1234'5678'9ABC'DEF0, 25, 5};
  BlockSealer forger(header);
  SnapshotSlice first;
  first.add({1, 1, as_bytes("x"), 30, as_bytes("y")});
  static_cast<void>(forger.seal(first));
  SnapshotSlice forged;
  forged.add({1, 1, as_bytes("forged"), 30, as_bytes("value")});
  const std::string value = std::string(100, '.') + text_of(forger.seal(forged));
  auto writer = SnapshotWriter::begin(disk, store_directory, header);
  for (const char* key : {"one", "two"}) {
    SnapshotSlice slice;
    slice.add({1, 1, as_bytes(key), 30, as_bytes(value)});
    REQUIRE(writer->add(std::move(slice)).has_value());
  }
  REQUIRE(writer->finish().has_value());
  const auto segments = segments_of(disk);
  REQUIRE(disk.remove(segments[0]).has_value());
  const std::string path =
      std::string(store_directory) + "/" + name_of_position(25, snapshot_ending);
  // The first block says that it ends where the forged one begins.
  const std::size_t at = as_text(disk.contents(path)).find("mqzB", 513) - snapshot_header_bytes;
  std::vector<std::byte> bytes(disk.contents(path).begin(), disk.contents(path).end());
  const auto length = static_cast<std::uint32_t>(at - block_header_bytes);
  std::memcpy(bytes.data() + snapshot_header_bytes + 8, &length, sizeof length);
  disk.replace(path, bytes);
  REQUIRE(repair_store(disk, store_directory).has_value());
  CHECK(reopen(disk, tiny_options()).found.entries.empty());
}
