#include "lib/storage/journal.h"

#include <catch2/catch.hpp>

#include "tests/unit/storage/small_store.h"

using namespace mqz;
using namespace mqz::storage;

namespace {

MonoTime at(int ms) { return MonoTime{Millis{ms}}; }

}  // namespace

TEST_CASE("what is committed is found again, in order, with its position and address",
          "[storage]") {
  FakeDisk disk;
  std::vector<Committed> places;
  {
    SmallStore store = reopen(disk);
    CHECK(store.report.is_new);
    FrameBuilder frames(1);
    CHECK(append(*store.journal, frames, {"a", "", "ccc"}) == 1);
    CHECK(append(*store.journal, frames, {"d"}) == 4);
    CHECK(store.journal->committed_end() == 1);
    CHECK(store.journal->waiting_bytes() > 0);
    store.journal->step(at(1));
    CHECK(store.journal->committed_end() == 5);
    CHECK(store.journal->durable_end() == 5);
    CHECK(store.journal->waiting_bytes() == 0);
    store.journal->take_committed(places);
    REQUIRE(places.size() == 2);
    CHECK(places[1].first == 4);
  }
  const SmallStore store = reopen(disk);
  CHECK_FALSE(store.report.is_new);
  CHECK(store.found.texts ==
        std::map<Position, std::string>{{1, "a"}, {2, ""}, {3, "ccc"}, {4, "d"}});
  CHECK(store.found.addresses.at(1) == places[0].address_of(frame_header_bytes));
  CHECK(store.journal->next_position() == 5);
}

TEST_CASE("a batch is one write and one sync", "[storage]") {
  FakeDisk disk;
  SmallStore store = reopen(disk);
  FrameBuilder frames(1);
  store.journal->step(at(1));
  const auto writes = disk.writes;
  const auto syncs = disk.syncs;
  for (int i = 0; i < 20; ++i) append(*store.journal, frames, {"text"});
  store.journal->step(at(2));
  CHECK(disk.writes == writes + 1);
  CHECK(disk.syncs == syncs + 1);
}

TEST_CASE("segments follow each other, and a clean end is marked", "[storage]") {
  FakeDisk disk;
  std::map<Position, std::string> expected;
  {
    SmallStore store = reopen(disk);
    FrameBuilder frames(1);
    for (int i = 0; i < 100; ++i) {
      const std::string text(static_cast<std::size_t>(i * 7), 'x');
      expected[append(*store.journal, frames, {text})] = text;
      if (i % 3 == 0) store.journal->step(at(i));
    }
    store.journal->finish(at(100));
    CHECK(store.journal->durable_end() == 101);
    CHECK(store.journal->last_segment() > 8);
  }
  const auto writes = disk.writes;
  SmallStore store = reopen(disk);
  CHECK(store.found.texts == expected);
  CHECK(store.report.journal.torn_bytes == 0);
  FrameBuilder frames(2);
  append(*store.journal, frames, {"more"});
  store.journal->finish(at(0));
  store.journal.reset();
  expected[101] = "more";
  CHECK(reopen(disk).found.texts == expected);
  CHECK(disk.writes > writes);
}

TEST_CASE("an idle journal marks its end as durable, once", "[storage]") {
  FakeDisk disk;
  SmallStore store = reopen(disk);
  FrameBuilder frames(1);
  append(*store.journal, frames, {"a"});
  CHECK(store.journal->step(at(1000)) == at(1050));
  const auto writes = disk.writes;
  CHECK(store.journal->step(at(1050)) == MonoTime::max());
  CHECK(disk.writes == writes + 1);
  CHECK(store.journal->step(at(2000)) == MonoTime::max());
  CHECK(disk.writes == writes + 1);
}

TEST_CASE("by interval a commit is a write, and the sync comes with the interval", "[storage]") {
  FakeDisk disk;
  SmallStore store = reopen(disk, small_options(Durability::interval));
  FrameBuilder frames(1);
  append(*store.journal, frames, {"a"});
  store.journal->step(at(1000));
  append(*store.journal, frames, {"b"});
  const auto syncs = disk.syncs;
  CHECK(store.journal->step(at(1010)) == at(1050));
  CHECK(disk.syncs == syncs);
  CHECK(store.journal->committed_end() == 3);
  CHECK(store.journal->durable_end() == 2);
  store.journal->step(at(1050));
  CHECK(disk.syncs == syncs + 1);
  CHECK(store.journal->durable_end() == 3);
}

TEST_CASE("without durability only full segments and the end are synced", "[storage]") {
  FakeDisk disk;
  SmallStore store = reopen(disk, small_options(Durability::none));
  FrameBuilder frames(1);
  append(*store.journal, frames, {"a"});
  const auto syncs = disk.syncs;
  CHECK(store.journal->step(at(1000)) == MonoTime::max());
  CHECK(disk.syncs == syncs);
  CHECK(store.journal->committed_end() == 2);
  CHECK(store.journal->durable_end() == 1);
  store.journal->finish(at(2000));
  CHECK(disk.syncs > syncs);
  CHECK(store.journal->durable_end() == 2);
}

TEST_CASE("after a sync has failed nothing is committed any more", "[storage]") {
  FakeDisk disk;
  SmallStore store = reopen(disk);
  int news = 0;
  store.journal->on_news([&] { ++news; });
  FrameBuilder frames(1);
  append(*store.journal, frames, {"a"});
  disk.fault = [](std::string_view call, const std::string&) {
    return call == "sync" ? std::optional(ErrorCode::io) : std::nullopt;
  };
  store.journal->step(at(1));
  CHECK(news == 1);
  REQUIRE(store.journal->failure().has_value());
  CHECK(store.journal->failure()->text.find("sync fails") != std::string::npos);
  disk.fault = nullptr;
  append(*store.journal, frames, {"b"});
  store.journal->step(at(2));
  store.journal->finish(at(3));
  CHECK(store.journal->committed_end() == 1);
}

TEST_CASE("what a failed sync forgot is written again before it is shown", "[storage]") {
  FakeDisk disk;
  {
    SmallStore store = reopen(disk);
    FrameBuilder frames(1);
    append(*store.journal, frames, {std::string(900, 'a')});
    disk.fault = [](std::string_view call, const std::string&) {
      return call == "sync" ? std::optional(ErrorCode::io) : std::nullopt;
    };
    store.journal->step(at(1));
    disk.fault = nullptr;
  }
  // The cache still has it, so it is found and told to clients: now it has to last.
  const auto killed = disk.kill();
  const auto found = reopen(*killed).found.texts;
  REQUIRE(found.size() == 1);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    simulation::Random random(seed);
    CHECK(reopen(*killed->crash(random)).found.texts == found);
  }
}

TEST_CASE("a frame that was proposed twice comes once", "[storage]") {
  FakeDisk disk;
  {
    SmallStore store = reopen(disk);
    FrameBuilder frames(1);
    FrameBuilder again(1);
    append(*store.journal, frames, {"a"});
    append(*store.journal, again, {"a"});
    append(*store.journal, frames, {"b"});
    store.journal->finish(at(1));
  }
  CHECK(reopen(disk).found.texts == std::map<Position, std::string>{{1, "a"}, {3, "b"}});
}

TEST_CASE("a missing frame of a writer is refused", "[storage]") {
  FakeDisk disk;
  {
    SmallStore store = reopen(disk);
    FrameBuilder frames(1, 5);
    FrameBuilder later(1, 7);
    append(*store.journal, frames, {"a"});
    append(*store.journal, later, {"c"});
    store.journal->finish(at(1));
  }
  const auto store = open_small(disk);
  REQUIRE_FALSE(store.has_value());
  CHECK(store.error().code == ErrorCode::corrupt);
  CHECK(store.error().text.find("a frame of its writer is missing") != std::string::npos);
}
