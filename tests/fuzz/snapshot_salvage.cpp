// What is left of a snapshot after any damage is a snapshot. An odd first byte: the input is what
// stands behind the header of the file. Even: it is damage to a sound one, in steps of four bytes:
// two for the place, then how much, and with what.
#include "lib/storage/snapshot_salvage.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "lib/storage/segment.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/storage/fake_disk.h"

using namespace mqz;
using namespace mqz::storage;

namespace {

constexpr SnapshotHeader header{0x0807'0605'0403'0201, 2};  // as in FORMAT.md
constexpr const char* directory = "/store";

std::vector<std::byte> sound_snapshot() {
  std::vector<std::byte> bytes;
  const auto add = [&](Bytes more) { bytes.insert(bytes.end(), more.begin(), more.end()); };
  add(encode_snapshot_header(header));
  BlockSealer sealer(header);
  for (int block = 0; block < 5; ++block) {
    SnapshotSlice slice;
    for (int entry = 0; entry <= block; ++entry) {
      const std::string key = std::to_string(block) + std::to_string(entry);
      slice.add({1, 1, as_bytes(key), 1, as_bytes("value of " + key)});
    }
    add(sealer.seal(slice));
  }
  add(sealer.seal_totals().bytes());
  return bytes;
}

std::vector<std::byte> damaged_snapshot(Bytes steps) {
  std::vector<std::byte> bytes = sound_snapshot();
  for (; steps.size() >= 4; steps = steps.subspan(4)) {
    const std::size_t at =
        std::to_integer<std::size_t>(steps[0]) << 8U | std::to_integer<std::size_t>(steps[1]);
    const std::size_t begin = snapshot_header_bytes + at % (bytes.size() - snapshot_header_bytes);
    const std::size_t count =
        std::min(std::to_integer<std::size_t>(steps[2]), bytes.size() - begin);
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(begin), count, steps[3]);
  }
  return bytes;
}

void write_file(FakeDisk& disk, const std::string& name, Bytes bytes) {
  const auto file = disk.open(std::string(directory) + "/" + name, os::OpenAs::create);
  const std::array piece{bytes};
  MQZ_CHECK((*file)->write_at(0, piece).has_value());
}

// Every byte is in one range or in none, in order.
void check_ranges(const SnapshotRemains& remains, std::size_t size) {
  std::uint64_t end = snapshot_header_bytes;
  for (const SnapshotRemains::Range& range : remains.lost) {
    MQZ_CHECK(range.offset >= end && range.bytes > 0);
    end = range.offset + range.bytes;
  }
  MQZ_CHECK(end <= std::max<std::size_t>(size, snapshot_header_bytes));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const Bytes input(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
  std::vector<std::byte> bytes;
  if ((data[0] & 1U) == 0) {
    bytes = damaged_snapshot(input);
  } else {
    const auto start = encode_snapshot_header(header);
    bytes.assign(start.begin(), start.end());
    bytes.insert(bytes.end(), input.begin(), input.end());
  }
  FakeDisk disk;
  MQZ_CHECK(disk.make_directory(directory).has_value());
  const std::string name = name_of_position(header.replay_from, snapshot_ending);
  write_file(disk, name, bytes);
  const auto remains = walk_snapshot(disk, directory, name, header.store_id, nullptr);
  MQZ_CHECK(remains.has_value());
  check_ranges(*remains, bytes.size());
  const auto again = rewrite_snapshot(disk, directory, name, header.store_id);
  MQZ_CHECK(again.has_value() && again->totals.entries == remains->entries);
  return 0;
}
