// FORMAT.md shows bytes; they are the ones that are written. A change that fails here changes the
// format: it needs a new number, and a reader for the old one.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "lib/storage/identity.h"
#include "tests/unit/storage/small_store.h"

using namespace mqz;
using namespace mqz::storage;

namespace {

constexpr std::uint64_t store_id = 0x0807'0605'0403'0201;

// As hexdump has it: sixteen bytes a line, and nothing for lines of zeroes.
std::string dump(Bytes bytes) {
  std::string text;
  for (std::size_t line = 0; line < bytes.size(); line += 16) {
    std::string hex;
    bool any = false;
    for (const std::byte byte :
         bytes.subspan(line, std::min<std::size_t>(16, bytes.size() - line))) {
      hex += fmt::format(" {:02x}", std::to_integer<unsigned>(byte));
      any = any || byte != std::byte{0};
    }
    if (any) text += fmt::format("    {:04x} {}\n", line, hex);
  }
  return text;
}

std::string format_page() {
  std::ifstream file(MQZ_SOURCE_DIR "/lib/storage/FORMAT.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class Nothing final : public StoreVisitor {
 public:
  Result<void> on_frame(const JournalFrame&) override { return {}; }
  Result<void> on_gap(Position, Position) override { return {}; }
  Result<void> on_snapshot_entry(const SnapshotEntry&) override { return {}; }
};

// A store with one record and a snapshot of one entry.
void make(FakeDisk& disk) {
  JournalOptions options = small_options();
  Nothing nothing;
  OpenReport report;
  const auto journal = open_store(disk, store_directory, options, store_id, nothing, report);
  REQUIRE(journal.has_value());
  FrameBuilder frames(1);
  append(**journal, frames, {"hi"});
  (*journal)->finish({});
  auto writer = SnapshotWriter::begin(disk, store_directory, {store_id, 2, 1});
  SnapshotSlice slice;
  slice.add({3, 1, as_bytes("key"), 1, as_bytes("value")});
  REQUIRE(writer->add(std::move(slice)).has_value());
  REQUIRE(writer->finish().has_value());
}

}  // namespace

TEST_CASE("FORMAT.md shows the bytes that are written", "[storage]") {
  FakeDisk disk;
  make(disk);
  const std::string page = format_page();
  for (const std::string& name :
       {std::string(identity_name), segment_name(1), name_of_position(2, snapshot_ending)}) {
    const std::string bytes = dump(disk.contents(std::string(store_directory) + "/" + name));
    INFO(name << "\n" << bytes);
    CHECK(page.find(bytes) != std::string::npos);
  }
}
