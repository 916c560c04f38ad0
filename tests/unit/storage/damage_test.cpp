// Damage that no stop explains: it is refused with its place, or it changes nothing. Never is
// anything else shown than what was written.
#include <catch2/catch.hpp>

#include "lib/storage/identity.h"
#include "lib/storage/inspect.h"
#include "tests/unit/storage/small_store.h"

using namespace mqz;
using namespace mqz::storage;

namespace {

JournalOptions tiny_options() {
  JournalOptions options = small_options();
  options.sizes = {1536, 1024, 1, 1536, 0};
  options.frame_bytes_max = 256;
  return options;
}

// Two segments and a bit, with marks in between, and none behind the last batch unless closed.
void fill(FakeDisk& disk, bool cleanly) {
  SmallStore store = reopen(disk, tiny_options());
  FrameBuilder frames(1);
  for (int i = 0; i < 9; ++i) {
    append(*store.journal, frames, {std::to_string(i) + std::string(100, 'x'), "second"});
    store.journal->step(MonoTime{Millis{i * 40}});
    if (i % 3 == 1) store.journal->step(MonoTime{Millis{i * 40 + 50}});
  }
  if (cleanly) store.journal->finish(MonoTime{Millis{10'000}});
}

struct Outcome {
  int refused = 0;
  int harmless = 0;
  int shorter = 0;
  std::string wrong{};  // the first that is none of these
};

bool begins_with(const std::map<Position, std::string>& whole,
                 const std::map<Position, std::string>& part) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

void judge(FakeDisk& disk, const std::map<Position, std::string>& expected, const std::string& what,
           Outcome& outcome) {
  const auto store = open_small(disk, tiny_options());
  if (!store) {
    const Error& error = store.error();
    const bool placed = error.text.find(store_directory) == 0;
    if (placed && (error.code == ErrorCode::corrupt || error.code == ErrorCode::invalid)) {
      ++outcome.refused;
    } else if (outcome.wrong.empty()) {
      outcome.wrong = what + ": " + error.text;
    }
  } else if (store->found.texts == expected) {
    ++outcome.harmless;
  } else if (begins_with(expected, store->found.texts)) {
    ++outcome.shorter;
    if (store->found.texts.size() + 2 < expected.size() && outcome.wrong.empty())
      outcome.wrong = what + ": more than the last batch is lost";
  } else if (outcome.wrong.empty()) {
    outcome.wrong = what + ": other records are shown";
  }
}

std::string segment_path(const FakeDisk& disk, bool last) {
  std::string found;
  for (const std::string& path : disk.paths()) {
    if (path.ends_with(segment_ending) && (last || found.empty())) found = path;
  }
  return found;
}

Outcome flip_all(const FakeDisk& disk) {
  const auto expected = reopen(*disk.kill(), tiny_options()).found.texts;
  REQUIRE(expected.size() == 18);
  Outcome outcome;
  for (const std::string& path : disk.paths()) {
    if (!path.ends_with(segment_ending) && !path.ends_with(identity_name)) continue;
    const std::size_t bits = disk.contents(path).size() * 8;
    for (std::size_t bit = 0; bit < bits; ++bit) {
      const auto damaged = disk.kill();
      damaged->flip_bit(path, bit);
      judge(*damaged, expected, path + " bit " + std::to_string(bit), outcome);
    }
  }
  return outcome;
}

std::string refusal(FakeDisk& disk) {
  const auto store = open_small(disk, tiny_options());
  return store ? "not refused" : store.error().text;
}

}  // namespace

TEST_CASE("a flipped bit of a journal that was closed is refused or harmless", "[storage]") {
  FakeDisk disk;
  fill(disk, true);
  const Outcome outcome = flip_all(disk);
  CHECK(outcome.wrong == "");
  CHECK(outcome.shorter == 0);
  CHECK(outcome.refused > 10'000);
}

TEST_CASE("a flipped bit of a journal that was killed takes the last batch at most", "[storage]") {
  FakeDisk disk;
  fill(disk, false);
  const Outcome outcome = flip_all(disk);
  CHECK(outcome.wrong == "");
  CHECK(outcome.shorter > 0);
  CHECK(outcome.shorter <= 300 * 8);
}

TEST_CASE("a segment that is cut anywhere is refused", "[storage]") {
  FakeDisk disk;
  fill(disk, true);
  Outcome outcome;
  const std::string path = segment_path(disk, true);
  for (std::size_t size = 0; size < 1536; ++size) {
    const auto damaged = disk.kill();
    damaged->resize(path, size);
    judge(*damaged, {}, "cut at " + std::to_string(size), outcome);
  }
  CHECK(outcome.wrong == "");
  CHECK(outcome.refused == 1536);
}

TEST_CASE("a journal that ends anywhere in its last frames is cut there or refused", "[storage]") {
  FakeDisk disk;
  fill(disk, false);
  const auto expected = reopen(*disk.kill(), tiny_options()).found.texts;
  const std::string path = segment_path(disk, true);
  Outcome outcome;
  for (std::size_t size = segment_header_bytes; size < 1536; ++size) {
    const auto damaged = disk.kill();
    damaged->resize(path, size);
    damaged->resize(path, 1536);
    judge(*damaged, expected, "zeroes from " + std::to_string(size), outcome);
  }
  // Where more than the last batch is gone nothing is left that could say so; all segments' ends
  // look alike. A mark, a later frame or a snapshot is such a witness.
  CHECK(outcome.shorter > 0);
  CHECK(outcome.harmless > 0);
}

TEST_CASE("what is cut off the end is told, and zeroes are nothing", "[storage]") {
  FakeDisk disk;
  fill(disk, false);
  const std::string path = segment_path(disk, true);
  CHECK(verify_store(disk, store_directory)->torn_bytes == 0);
  CHECK(reopen(*disk.kill(), tiny_options()).report.journal.torn_bytes == 0);
  const auto used = verify_store(disk, store_directory)->segments.back().used_bytes;
  // One bit of the last batch, which nothing confirms.
  disk.flip_bit(path, (used - 20) * std::size_t{8});
  const auto summary = verify_store(disk, store_directory);
  CHECK(summary->damage.empty());
  const RecoveryReport report = reopen(disk, tiny_options()).report.journal;
  CHECK(report.torn_file == path);
  CHECK(report.torn_offset == summary->segments.back().used_bytes);
  CHECK(report.torn_bytes == summary->torn_bytes);
  CHECK(report.torn_bytes > 0);
  CHECK(report.torn_offset + report.torn_bytes <= used);
  CHECK(report.torn_offset + report.torn_bytes > used - 20);
}

TEST_CASE("a missing, foreign or renamed file is refused", "[storage]") {
  FakeDisk disk;
  fill(disk, true);
  const std::string first = segment_path(disk, false);
  const std::string last = segment_path(disk, true);
  const std::string identity = std::string(store_directory) + "/" + identity_name;

  auto damaged = disk.kill();
  REQUIRE(damaged->remove(first).has_value());
  CHECK(refusal(*damaged).find("the journal begins at position") != std::string::npos);

  damaged = disk.kill();
  REQUIRE(damaged->remove(identity).has_value());
  CHECK(refusal(*damaged).find("/store/STORE: missing beside") == 0);

  damaged = disk.kill();
  damaged->replace(identity, encode_identity(1));
  CHECK(refusal(*damaged).find("belongs to another store") != std::string::npos);

  damaged = disk.kill();
  REQUIRE(
      damaged->rename(last, std::string(store_directory) + "/" + segment_name(999)).has_value());
  CHECK(refusal(*damaged).find("the header is that of") != std::string::npos);

  damaged = disk.kill();
  for (const std::string& path : damaged->paths()) {
    if (path.ends_with(segment_ending)) REQUIRE(damaged->remove(path).has_value());
  }
  CHECK(refusal(*damaged) == "/store: the journal's segments are missing");
}

TEST_CASE("a missing segment in the middle is refused", "[storage]") {
  FakeDisk disk;
  fill(disk, true);
  std::vector<std::string> segments;
  for (const std::string& path : disk.paths()) {
    if (path.ends_with(segment_ending)) segments.push_back(path);
  }
  REQUIRE(segments.size() > 2);
  REQUIRE(disk.remove(segments[1]).has_value());
  const std::string text = refusal(disk);
  CHECK(text.find(segments[0]) == 0);
  CHECK(text.find("entries are missing") == std::string::npos);
  CHECK(text.find("the journal goes on at position") != std::string::npos);
}

TEST_CASE("a missing segment at the end is refused, whoever looks", "[storage]") {
  FakeDisk disk;
  fill(disk, GENERATE(true, false));
  std::vector<std::string> segments;
  for (const std::string& path : disk.paths()) {
    if (path.ends_with(segment_ending)) segments.push_back(path);
  }
  while (segments.size() > 1) {
    const std::string missing = segments.back();
    segments.pop_back();
    REQUIRE(disk.remove(missing).has_value());
    const std::string text =
        missing + ": missing, and perhaps others behind it: " + segments.back().substr(7) +
        " says that the journal goes on here";
    const auto store = open_small(*disk.kill(), tiny_options());
    REQUIRE_FALSE(store.has_value());
    CHECK(store.error().code == ErrorCode::corrupt);
    CHECK(store.error().text == text);
    const auto summary = verify_store(disk, store_directory);
    REQUIRE(summary->damage.size() == 1);
    CHECK(summary->damage[0].file + ": " + summary->damage[0].what == text);
  }
}

TEST_CASE("a store of a newer format is refused with both numbers", "[storage]") {
  FakeDisk disk;
  fill(disk, true);
  const std::string identity = std::string(store_directory) + "/" + identity_name;
  disk.replace(identity, encode_identity(0x1234'5678'9ABC'DEF0, 9));
  const auto store = open_small(disk, tiny_options());
  REQUIRE_FALSE(store.has_value());
  CHECK(store.error().code == ErrorCode::invalid);
  CHECK(store.error().text == "/store/STORE: format 9; this program reads formats up to 1");
}

TEST_CASE("what is unfinished goes when a store is opened, and nothing else does", "[storage]") {
  FakeDisk disk;
  const std::vector<std::string> unfinished{"first.tmp", "STORE.tmp", "gap.tmp",
                                            "00000000000000ff.snapshot.tmp"};
  const std::vector<std::string> foreign{"precious.tmp", "00000000000000FF.snapshot.tmp", ".tmp"};
  const auto make = [&](const std::vector<std::string>& names) {
    for (const std::string& name : names)
      REQUIRE(disk.open(std::string(store_directory) + "/" + name, os::OpenAs::create).has_value());
  };
  const auto count = [&](const std::vector<std::string>& names) {
    const auto found = disk.list(store_directory).value();
    return std::count_if(names.begin(), names.end(), [&](const std::string& name) {
      return std::find(found.begin(), found.end(), name) != found.end();
    });
  };
  make(unfinished);
  make(foreign);
  fill(disk, true);
  CHECK(count(unfinished) == 0);
  CHECK(count(foreign) == 3);
  make(unfinished);
  const auto refused = disk.kill();
  refused->replace(std::string(store_directory) + "/" + identity_name, encode_identity(7, 9));
  const auto paths = refused->paths();
  CHECK(refusal(*refused).find("format 9") != std::string::npos);
  CHECK(refused->paths() == paths);
  reopen(disk, tiny_options());
  CHECK(count(unfinished) == 0);
  CHECK(count(foreign) == 3);
}

TEST_CASE("a store that is open is refused, and untouched", "[storage]") {
  FakeDisk disk;
  const SmallStore store = reopen(disk);
  const auto writes = disk.writes;
  const auto second = open_small(disk);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::conflict);
  CHECK(second.error().text == "/store/LOCK: in use by process 1");
  CHECK(disk.writes == writes);
}
