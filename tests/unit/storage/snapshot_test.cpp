#include "lib/storage/snapshot.h"

#include <catch2/catch.hpp>

#include "lib/storage/snapshot_file.h"
#include "tests/unit/storage/small_store.h"

using namespace mqz;
using namespace mqz::storage;

namespace {

constexpr SnapshotHeader header{0x1234'5678'9ABC'DEF0, 5};

SnapshotSlice slice_of(Position stamp, const std::vector<std::string>& keys) {
  SnapshotSlice slice;
  for (const std::string& key : keys) {
    const std::string value = "value of " + key;
    slice.add({3, 1, as_bytes(key), stamp, as_bytes(value)});
  }
  return slice;
}

// Two blocks and the totals, as they stand behind the header.
std::vector<std::byte> sample_blocks() {
  BlockSealer sealer(header);
  std::vector<std::byte> bytes;
  const auto append = [&](Bytes block) { bytes.insert(bytes.end(), block.begin(), block.end()); };
  SnapshotSlice one = slice_of(7, {"a", "", "long key"});
  SnapshotSlice two = slice_of(9, {"b"});
  append(sealer.seal(one));
  append(sealer.seal(two));
  append(sealer.seal_totals().bytes());
  return bytes;
}

// The keys, as long as everything is right; "complete" behind them at the end.
std::string keys_in(Bytes bytes, const SnapshotHeader& of = header) {
  BlockReader reader(of);
  std::string keys;
  while (!reader.is_complete() && reader.read(bytes) == BlockFault::none) {
    SnapshotEntry entry;
    while (reader.next(entry)) keys += text_of(entry.key) + ",";
    bytes = bytes.subspan(static_cast<std::size_t>(BlockReader::block_bytes(bytes)));
  }
  return reader.is_complete() ? keys + "complete" : keys;
}

class Nobody final : public SnapshotVisitor {
 public:
  Result<void> on_snapshot_entry(const SnapshotEntry&) override { return {}; }
};

const std::string snapshot_path =
    std::string(store_directory) + "/" + name_of_position(header.replay_from, snapshot_ending);

void write_snapshot(FakeDisk& disk, const SnapshotHeader& of, Position stamp) {
  auto writer = SnapshotWriter::begin(disk, store_directory, of);
  REQUIRE(writer.has_value());
  REQUIRE(writer->add(slice_of(stamp, {"a", "b"})).has_value());
  REQUIRE(writer->add(slice_of(stamp, {"c"})).has_value());
  CHECK(writer->end() == stamp + 1);
  REQUIRE(writer->finish().has_value());
}

}  // namespace

TEST_CASE("blocks give back their entries, and the totals are theirs", "[storage]") {
  const auto bytes = sample_blocks();
  CHECK(keys_in(bytes) == "a,,long key,b,complete");
  BlockReader reader(header);
  REQUIRE(reader.read(bytes) == BlockFault::none);
  SnapshotEntry entry;
  REQUIRE(reader.next(entry));
  CHECK(entry.kind == 3);
  CHECK(entry.version == 1);
  CHECK(entry.stamp == 7);
  CHECK(text_of(entry.value) == "value of a");
}

TEST_CASE("blocks with any bit flipped, cut anywhere or of another snapshot are refused",
          "[storage]") {
  auto bytes = sample_blocks();
  const std::string whole = keys_in(bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string keys = keys_in(Bytes(bytes).first(size));
    CHECK(keys.find("complete") == std::string::npos);
    CHECK(whole.find(keys) == 0);
  }
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    const std::string keys = keys_in(bytes);
    CHECK(keys.find("complete") == std::string::npos);
    CHECK(whole.find(keys) == 0);
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
  }
  CHECK(keys_in(bytes, {header.store_id, 6}).find("complete") == std::string::npos);
}

TEST_CASE("a snapshot's file with any bit flipped or cut anywhere is refused", "[storage]") {
  FakeDisk disk;
  write_snapshot(disk, header, 9);
  const Bytes bytes = disk.contents(snapshot_path);
  const std::vector<std::byte> whole(bytes.begin(), bytes.end());
  const std::string name = name_of_position(header.replay_from, snapshot_ending);
  const auto read = [&] {
    return read_snapshot(disk, store_directory, name, header.store_id, nullptr);
  };
  REQUIRE(read().has_value());
  CHECK(read()->totals.entries == 3);
  CHECK(read()->totals.end == 10);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    disk.flip_bit(snapshot_path, bit);
    const auto damaged = read();
    REQUIRE_FALSE(damaged.has_value());
    REQUIRE(damaged.error().text.find(snapshot_path) == 0);
    disk.flip_bit(snapshot_path, bit);
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    disk.replace(snapshot_path, Bytes(whole).first(size));
    REQUIRE_FALSE(read().has_value());
  }
  disk.replace(snapshot_path, whole);
  CHECK(read().has_value());
  disk.resize(snapshot_path, whole.size() + 1);
  CHECK(read().error().text.find("bytes behind the last block") != std::string::npos);
}

TEST_CASE("the newest sound snapshot is used, and older ones go when a newer stands", "[storage]") {
  FakeDisk disk;
  Nobody nobody;
  write_snapshot(disk, header, 9);
  const auto older = disk.kill();
  write_snapshot(disk, {header.store_id, 20}, 30);
  const auto names = disk.list(store_directory).value();
  CHECK(names == std::vector<std::string>{name_of_position(20, snapshot_ending)});

  // Both are there when a machine stops in between.
  older->at_sync = nullptr;
  {
    auto writer = SnapshotWriter::begin(*older, store_directory, {header.store_id, 20});
    REQUIRE(writer->add(slice_of(30, {"x"})).has_value());
    older->fault = [](std::string_view call, const std::string&) {
      return call == "remove" ? std::optional(ErrorCode::io) : std::nullopt;
    };
    CHECK_FALSE(writer->finish().has_value());
    older->fault = nullptr;
  }
  const auto both = older->list(store_directory).value();
  REQUIRE(both.size() == 2);
  const auto newest = read_newest_snapshot(*older, store_directory, both, header.store_id, nobody);
  CHECK(newest->header.replay_from == 20);
  older->flip_bit(std::string(store_directory) + "/" + both[1], 4500);
  const auto fallback =
      read_newest_snapshot(*older, store_directory, both, header.store_id, nobody);
  CHECK(fallback->header.replay_from == 5);
  older->flip_bit(std::string(store_directory) + "/" + both[0], 4500);
  CHECK(read_newest_snapshot(*older, store_directory, both, header.store_id, nobody).error().code ==
        ErrorCode::corrupt);
}

TEST_CASE("a snapshot that is not finished leaves nothing", "[storage]") {
  FakeDisk disk;
  {
    auto writer = SnapshotWriter::begin(disk, store_directory, header);
    REQUIRE(writer->add(slice_of(9, {"a"})).has_value());
    CHECK(disk.paths().size() == 1);
  }
  CHECK(disk.paths().empty());
}
