// What can be read survives a repair, what cannot is told, and the store opens again.
#include "lib/storage/repair.h"

#include <catch2/catch.hpp>

#include "lib/storage/body_reader.h"
#include "lib/storage/identity.h"
#include "lib/storage/inspect.h"
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

void add_snapshot(FakeDisk& disk, Position replay_from, Position stamp, std::uint32_t segment = 0) {
  auto writer =
      SnapshotWriter::begin(disk, store_directory, {0x1234'5678'9ABC'DEF0, replay_from, segment});
  SnapshotSlice slice;
  slice.add({1, 1, as_bytes("key"), stamp, as_bytes("value")});
  REQUIRE(writer->add(std::move(slice)).has_value());
  REQUIRE(writer->finish().has_value());
}

std::vector<std::string> segments_of(const FakeDisk& disk) {
  std::vector<std::string> paths;
  for (const std::string& path : disk.paths()) {
    if (path.ends_with(segment_ending) && path.find("lost/") == std::string::npos)
      paths.push_back(path);
  }
  return paths;
}

// Repairs, and holds what is found then against what was there; says what is wrong. Returns how
// many records were lost.
std::string check_repaired(FakeDisk& disk, const Texts& expected, std::size_t& lost) {
  const auto repaired = repair_store(disk, store_directory);
  if (!repaired) return "no repair: " + repaired.error().text;
  const auto summary = verify_store(disk, store_directory);
  if (!summary->damage.empty())
    return "still damaged: " + summary->damage[0].file + ": " + summary->damage[0].what;
  auto store = open_small(disk, tiny_options());
  if (!store) return "not opened: " + store.error().text;
  lost = 0;
  for (const auto& [position, text] : expected.texts) {
    const auto found = store->found.texts.find(position);
    if (found != store->found.texts.end() && found->second != text) return "another text";
    if (found != store->found.texts.end()) continue;
    ++lost;
    const bool told = std::any_of(repaired->lost.begin(), repaired->lost.end(),
                                  [at = position](const LostRange& range) {
                                    return range.first <= at && (at < range.end || range.is_open);
                                  });
    if (!told) return "lost and not told: " + std::to_string(position);
  }
  if (store->found.texts.size() + lost != expected.texts.size()) return "something new";
  FrameBuilder frames(2);
  const Position at = append(*store->journal, frames, {"later"});
  store->journal->finish({});
  store->journal.reset();
  if (!repair_store(disk, store_directory)->done.empty()) return "repaired twice";
  const auto again = open_small(disk, tiny_options());
  if (!again) return "not opened again: " + again.error().text;
  return again->found.texts.at(at) == "later" ? "" : "cannot go on";
}

// Neither its header nor its first entry reads.
void spoil(FakeDisk& disk, const std::string& path) {
  disk.flip_bit(path, std::size_t{8} * 20);
  disk.flip_bit(path, std::size_t{8} * (segment_header_bytes + 3));
}

// The journal goes on, and every address that was known is of the same record, or of none.
std::string go_on_beside(FakeDisk& disk, const Texts& known) {
  auto store = open_small(disk, tiny_options());
  if (!store) return "not opened: " + store.error().text;
  FrameBuilder frames(3);
  for (Position i = 1; i <= records; ++i) {
    append(*store->journal, frames, {"new " + std::string(90, 'y')});
    store->journal->step(MonoTime{Millis{i * 40}});
  }
  store->journal->finish({});
  BodyReader reader(store->journal->segments());
  for (const auto& [position, address] : known.addresses) {
    const auto read = reader.read(address);
    if (read && text_of(read->body) != known.texts.at(position))
      return "another record at the address of " + std::to_string(position);
  }
  return "";
}

Texts texts_of(FakeDisk& disk) { return reopen(disk, tiny_options()).found; }

}  // namespace

TEST_CASE("a repair of a sound store changes nothing", "[storage]") {
  FakeDisk disk;
  fill(disk);
  add_snapshot(disk, 20, 25);
  const auto writes = disk.writes;
  const auto report = repair_store(disk, store_directory);
  CHECK(report->done.empty());
  CHECK(report->lost.empty());
  CHECK(disk.writes == writes);
}

TEST_CASE("one damaged place costs one frame, wherever it is", "[storage]") {
  FakeDisk disk;
  fill(disk);
  const Texts expected = texts_of(disk);
  REQUIRE(expected.texts.size() == records);
  std::string wrong;
  std::size_t damaged = 0;
  for (const std::string& path : segments_of(disk)) {
    for (std::size_t byte = 0; byte < disk.contents(path).size(); byte += 3) {
      const auto copy = disk.kill();
      copy->flip_bit(path, byte * 8 + byte % 8);
      const bool sound = verify_store(*copy, store_directory)->damage.empty();
      const bool opens = open_small(*copy->kill(), tiny_options()).has_value();
      // Damage in bytes that nobody reads is told, and in nobody's way.
      if (sound && !opens && wrong.empty()) wrong = "sound, and not opened";
      if (!sound) ++damaged;
      std::size_t lost = 0;
      std::string complaint = check_repaired(*copy, expected, lost);
      if (complaint.empty() && lost > 1) complaint = "too much lost";
      if (!complaint.empty() && wrong.empty())
        wrong = path + " byte " + std::to_string(byte) + ": " + complaint;
    }
  }
  CHECK(wrong == "");
  CHECK(damaged > 1000);
}

TEST_CASE("a missing or cut segment costs what it held", "[storage]") {
  FakeDisk disk;
  fill(disk);
  const Texts expected = texts_of(disk);
  std::size_t lost = 0;
  for (const std::string& path : segments_of(disk)) {
    CAPTURE(path);
    auto copy = disk.kill();
    REQUIRE(copy->remove(path).has_value());
    CHECK(check_repaired(*copy, expected, lost) == "");
    CHECK(lost > 0);
    CHECK(lost < 12);
    for (std::size_t size = 0; size < 1536; size += 37) {
      copy = disk.kill();
      copy->resize(path, size);
      CHECK(check_repaired(*copy, expected, lost) == "");
      CHECK(lost < 12);
    }
  }
}

TEST_CASE("of a segment's damaged header a copy is kept as it was", "[storage]") {
  FakeDisk disk;
  fill(disk);
  const std::string path = segments_of(disk)[1];
  disk.flip_bit(path, std::size_t{8} * 20);
  const auto header_of = [&](const std::string& file) {
    return std::string(as_text(disk.contents(file).first(segment_header_bytes)));
  };
  const std::string damaged = header_of(path);
  REQUIRE(repair_store(disk, store_directory).has_value());
  const std::string name = path.substr(path.rfind('/'));
  CHECK(header_of(store_directory + ("/lost" + name) + "-0") == damaged);
  CHECK(header_of(path) != damaged);
}

TEST_CASE("a lost STORE is written anew, and nothing is lost", "[storage]") {
  FakeDisk disk;
  fill(disk);
  const Texts expected = texts_of(disk);
  const std::string path = std::string(store_directory) + "/" + identity_name;
  const bool missing = GENERATE(true, false);
  if (missing) REQUIRE(disk.remove(path).has_value());
  if (!missing) disk.flip_bit(path, 100);
  std::size_t lost = 0;
  CHECK(check_repaired(disk, expected, lost) == "");
  CHECK(lost == 0);
}

TEST_CASE("a damaged snapshot is put aside, and what only it knew is given up", "[storage]") {
  FakeDisk disk;
  fill(disk);
  const Texts expected = texts_of(disk);
  add_snapshot(disk, 25, 30);
  const auto segments = segments_of(disk);
  REQUIRE(disk.remove(segments[0]).has_value());
  REQUIRE(disk.remove(segments[1]).has_value());
  CHECK(reopen(*disk.kill(), tiny_options()).found.entries.size() == 1);
  CHECK(verify_store(disk, store_directory)->damage.empty());
  const std::string name = name_of_position(25, snapshot_ending);
  disk.flip_bit(std::string(store_directory) + "/" + name, 4500);
  CHECK(open_small(*disk.kill(), tiny_options()).error().code == ErrorCode::corrupt);
  std::size_t lost = 0;
  CHECK(check_repaired(disk, expected, lost) == "");
  CHECK(lost > 5);
  CHECK(lost < 20);
  const auto aside = disk.list(std::string(store_directory) + "/lost").value();
  CHECK(aside == std::vector<std::string>{name});
}

TEST_CASE("when all segments are gone the journal goes on behind what the snapshot knows",
          "[storage]") {
  FakeDisk disk;
  fill(disk);
  add_snapshot(disk, 25, 60);
  for (const std::string& path : segments_of(disk)) REQUIRE(disk.remove(path).has_value());
  CHECK(verify_store(disk, store_directory)->damage.size() == 1);
  const auto report = repair_store(disk, store_directory);
  REQUIRE(report.has_value());
  REQUIRE(report->lost.size() == 1);
  CHECK(report->lost[0].first == 25);
  CHECK(report->lost[0].end == 62);
  CHECK(report->lost[0].is_open);
  const SmallStore store = reopen(disk, tiny_options());
  CHECK(store.journal->next_position() == 62);
  CHECK(store.found.entries.size() == 1);
}

TEST_CASE("beside a snapshot no new store is made, and a repair begins with the snapshot",
          "[storage]") {
  FakeDisk disk;
  fill(disk);
  add_snapshot(disk, 25, 60);
  const std::string snapshot = name_of_position(25, snapshot_ending);
  for (const std::string& path : segments_of(disk)) REQUIRE(disk.remove(path).has_value());
  REQUIRE(disk.remove(std::string(store_directory) + "/" + identity_name).has_value());
  const auto paths = disk.paths();
  const auto opened = open_small(disk, tiny_options());
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == ErrorCode::corrupt);
  CHECK(opened.error().text == "/store/STORE: missing beside " + snapshot);
  CHECK(disk.paths() == paths);
  REQUIRE(repair_store(disk, store_directory).has_value());
  CHECK(verify_store(disk, store_directory)->damage.empty());
  const SmallStore store = reopen(disk, tiny_options());
  CHECK(store.journal->next_position() == 62);
  CHECK(store.found.entries.size() == 1);
  CHECK(store.journal->store_id() == 0x1234'5678'9ABC'DEF0);
}

TEST_CASE("what was lost at the end is told, and its addresses are nobody else's", "[storage]") {
  FakeDisk disk;
  fill(disk);
  const Texts known = texts_of(disk);
  const auto segments = segments_of(disk);
  const std::size_t lost = GENERATE(1U, 2U, 3U);
  const bool are_there = GENERATE(true, false);
  const bool snapshot_knows = GENERATE(true, false);
  CAPTURE(lost, are_there, snapshot_knows);
  if (snapshot_knows) add_snapshot(disk, 20, records, static_cast<std::uint32_t>(segments.size()));
  for (std::size_t i = segments.size() - lost; i < segments.size(); ++i) {
    if (are_there) spoil(disk, segments[i]);
    if (!are_there) REQUIRE(disk.remove(segments[i]).has_value());
  }
  // However often it is interrupted.
  for (std::uint64_t call = 1;; ++call) {
    const auto copy = disk.kill();
    copy->fail_call(call, ErrorCode::io);
    const auto interrupted = repair_store(*copy, store_directory);
    const auto report = interrupted ? interrupted : repair_store(*copy, store_directory);
    REQUIRE(report.has_value());
    REQUIRE(verify_store(*copy, store_directory)->damage.empty());
    CHECK(repair_store(*copy, store_directory)->done.empty());
    CHECK(go_on_beside(*copy, known) == "");
    if (!interrupted) continue;
    REQUIRE(report->lost.size() == 1);
    CHECK(report->lost[0].is_open);
    const Position first =
        *position_in_name(segments[segments.size() - lost].substr(7), ".journal");
    CHECK(report->lost[0].first == first);
    break;
  }
}

TEST_CASE("how much a cut segment held at the end nothing says, and the repair says so",
          "[storage]") {
  FakeDisk disk;
  fill(disk);
  const Texts known = texts_of(disk);
  const std::size_t size = GENERATE(512U, 550U, 700U, 1000U, 1535U);
  CAPTURE(size);
  const std::string path = segments_of(disk).back();
  disk.resize(path, size);
  CHECK(open_small(*disk.kill(), tiny_options()).error().text.find(path + ": offset 0: the file") ==
        0);
  CHECK(verify_store(disk, store_directory)->damage.at(0).file == path);
  for (std::uint64_t call = 1;; ++call) {
    const auto copy = disk.kill();
    copy->fail_call(call, ErrorCode::io);
    const auto interrupted = repair_store(*copy, store_directory);
    const auto report = interrupted ? interrupted : repair_store(*copy, store_directory);
    REQUIRE(report.has_value());
    REQUIRE(verify_store(*copy, store_directory)->damage.empty());
    CHECK(repair_store(*copy, store_directory)->done.empty());
    CHECK(go_on_beside(*copy, known) == "");
    if (!interrupted) continue;
    REQUIRE_FALSE(report->lost.empty());
    CHECK(report->lost.back().is_open);
    break;
  }
}

TEST_CASE("a store may lose its end more than once", "[storage]") {
  FakeDisk disk;
  fill(disk);
  Texts known = texts_of(disk);
  for (std::uint32_t time = 0; time < 4; ++time) {
    CAPTURE(time);
    for (std::uint32_t lost = 0; lost < 2; ++lost) spoil(disk, segments_of(disk).rbegin()[lost]);
    REQUIRE(repair_store(disk, store_directory).has_value());
    CHECK(go_on_beside(disk, known) == "");
    const Texts found = texts_of(disk);
    const Position end = found.texts.rbegin()->first;
    const std::uint32_t last = found.addresses.rbegin()->second.segment;
    add_snapshot(disk, end - 2, end, last);
    known = found;
  }
}

TEST_CASE("of a damaged frame every record that still reads can be read at its address",
          "[storage]") {
  FakeDisk disk;
  SmallStore store = reopen(disk, tiny_options());
  FrameBuilder frames(1);
  for (int i = 0; i < 6; ++i) append(*store.journal, frames, {"one", "two", "three"});
  store.journal->finish({});
  store.journal.reset();
  const Texts known = texts_of(disk);
  const Address two = known.addresses.at(5);
  disk.flip_bit(segments_of(disk)[0], std::size_t{8} * (two.offset + record_header_bytes));
  REQUIRE(repair_store(disk, store_directory)->lost.size() == 1);
  const SmallStore repaired = reopen(disk, tiny_options());
  CHECK(repaired.found.gaps == std::map<Position, Position>{{4, 7}});
  BodyReader reader(repaired.journal->segments());
  for (const auto& [position, address] : known.addresses) {
    CAPTURE(position);
    const auto read = reader.read(address);
    CHECK(read.has_value() == (address != two));
    if (read) CHECK(text_of(read->body) == known.texts.at(position));
  }
}

TEST_CASE("a store is described without being changed", "[storage]") {
  FakeDisk disk;
  fill(disk);
  add_snapshot(disk, 20, 25);
  const auto writes = disk.writes;
  Texts texts;
  const auto summary = dump_store(disk, store_directory, &texts, &texts);
  REQUIRE(summary.has_value());
  CHECK(summary->damage.empty());
  CHECK(summary->segments.size() == segments_of(disk).size());
  CHECK(summary->segments.back().end == records + 1);
  CHECK(summary->snapshots.size() == 1);
  CHECK(texts.texts.size() == records);
  CHECK(texts.entries.at("key") == "value");
  CHECK(disk.writes == writes);
  const SmallStore open = reopen(disk, tiny_options());
  CHECK(verify_store(disk, store_directory).error().code == ErrorCode::conflict);
}
