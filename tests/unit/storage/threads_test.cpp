// The committer's thread beside the owner's, on the real disk, for ThreadSanitizer to watch.
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "lib/os/clock.h"
#include "lib/storage/body_reader.h"
#include "lib/storage/commit_thread.h"
#include "lib/storage/snapshot_thread.h"
#include "tests/unit/storage/small_store.h"

using namespace mqz;
using namespace mqz::storage;

namespace {

class Directory {
 public:
  Directory() {
    std::string name = std::filesystem::temp_directory_path() / "mqz-store-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { std::filesystem::remove_all(path); }
  std::string path{};
};

std::unique_ptr<Journal> open(const Directory& directory, Durability durability, Texts& texts) {
  JournalOptions options = small_options(durability);
  options.sizes = {1U << 16U, 1U << 15U, 2, 1U << 15U, 4, 4096};
  OpenReport report;
  auto journal = open_store(os::real_disk(), directory.path + "/store", options, 77, texts, report);
  INFO((journal ? "" : journal.error().text));
  REQUIRE(journal.has_value());
  return std::move(*journal);
}

}  // namespace

TEST_CASE("what a thread has committed is there, whatever else goes on meanwhile", "[threads]") {
  const auto durability = GENERATE(Durability::sync, Durability::interval, Durability::none);
  const Directory directory;
  constexpr int frames_max = 600;
  std::size_t told = 0;
  {
    Texts nothing;
    const auto journal = open(directory, durability, nothing);
    std::atomic<int> news = 0;
    journal->on_news([&] {
      news.fetch_add(1);
      news.notify_one();
    });
    std::vector<Committed> places;
    {
      const CommitThread committer(*journal);
      FrameBuilder frames(1);
      for (int i = 0; i < frames_max; ++i) {
        append(*journal, frames, {std::to_string(i), std::string(500, 'x')});
        if (i % 50 == 49) {
          const int seen = news.load();
          if (journal->committed_end() < journal->next_position()) news.wait(seen);
        }
        journal->take_committed(places);
        for (; told < places.size(); ++told) CHECK(places[told].end() <= journal->committed_end());
      }
    }
    journal->take_committed(places);
    CHECK(places.size() == frames_max);
    CHECK(journal->durable_end() == 2 * frames_max + 1);
    CHECK_FALSE(journal->failure().has_value());
  }
  Texts found;
  const auto journal = open(directory, durability, found);
  REQUIRE(found.texts.size() == 2 * frames_max);
  for (int i = 0; i < frames_max; ++i) {
    REQUIRE(found.texts.at(static_cast<Position>(2 * i + 1)) == std::to_string(i));
  }
}

TEST_CASE("a snapshot is written and bodies are read while frames are committed", "[threads]") {
  const auto durability = GENERATE(Durability::sync, Durability::none);
  const Directory directory;
  {
    Texts nothing;
    const auto journal = open(directory, durability, nothing);
    std::atomic<bool> is_over = false;
    std::vector<Committed> places;
    const CommitThread committer(*journal);
    SnapshotThread snapshot(*journal, 1, [&] {
      is_over = true;
      is_over.notify_one();
    });
    FrameBuilder frames(1);
    BodyReader reader(journal->segments());
    for (int i = 0; i < 300; ++i) {
      append(*journal, frames, {std::to_string(i) + std::string(500, 'x')});
      journal->take_committed(places);
      if (!places.empty()) {
        const Committed& place = places[places.size() / 2];
        const auto record = reader.read(place.address_of(frame_header_bytes));
        REQUIRE(record.has_value());
        const std::string text = text_of(record->body);
        REQUIRE(text.substr(0, text.find('x')) == std::to_string(place.first - 1));
      }
      SnapshotSlice slice;
      const std::string key = std::to_string(i);
      slice.add({1, 1, as_bytes(key), journal->next_position() - 1, as_bytes("value")});
      snapshot.add(std::move(slice));
    }
    snapshot.end();
    is_over.wait(false);
    REQUIRE(snapshot.outcome().has_value());
    CHECK(snapshot.outcome()->has_value());
    CHECK(snapshot.waiting_bytes() == 0);
  }
  Texts found;
  const auto journal = open(directory, durability, found);
  CHECK(found.entries.size() == 300);
  CHECK(found.texts.size() == 300);
}

TEST_CASE("a snapshot that is given up leaves nothing, and nobody waiting", "[threads]") {
  const Directory directory;
  Texts nothing;
  const auto journal = open(directory, Durability::none, nothing);
  for (const bool ended : {false, true}) {
    // Nobody commits, so what it waits for never comes.
    SnapshotThread snapshot(*journal, 1, nullptr);
    SnapshotSlice slice;
    slice.add({1, 1, as_bytes("key"), 99, as_bytes("value")});
    snapshot.add(std::move(slice));
    if (ended) snapshot.end();
  }
  const auto names = os::real_disk().list(journal->directory()).value();
  for (const std::string& name : names) CHECK(name.find("snapshot") == std::string::npos);
}

TEST_CASE("all segments but the last may go at any moment", "[threads]") {
  const Directory directory;
  Texts nothing;
  const auto journal = open(directory, Durability::sync, nothing);
  const CommitThread committer(*journal);
  FrameBuilder frames(1);
  std::size_t removed = 0;
  const MonoTime until = os::read_mono() + std::chrono::seconds(30);
  while (removed < 20 && os::read_mono() < until) {
    if (journal->waiting_bytes() < 1U << 16U) append(*journal, frames, {std::string(900, 'x')});
    std::vector<std::uint32_t> ordinals;
    for (const SegmentRef& segment : journal->segments().all())
      ordinals.push_back(segment->header.ordinal);
    REQUIRE(!ordinals.empty());
    ordinals.pop_back();
    if (ordinals.empty()) continue;
    REQUIRE(journal->remove_segments(ordinals, journal->durable_end()).value());
    removed += ordinals.size();
  }
  CHECK(removed >= 20);
}
