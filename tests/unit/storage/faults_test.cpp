// Every call of the disk fails once: with an error of the medium, and with a full disk. What was
// promised before and after is kept.
#include <catch2/catch.hpp>

#include "tests/unit/storage/small_store.h"

using namespace mqz;
using namespace mqz::storage;

namespace {

struct Played {
  std::map<Position, std::string> appended{};
  Position durable = 1;
  bool opened = false;
  std::optional<Error> failure{};
};

// Opens, appends in batches with pauses, and closes, if it can.
Played play(FakeDisk& disk) {
  Played played;
  auto store = open_small(disk);
  if (!store) {
    played.failure = store.error();
    return played;
  }
  played.opened = true;
  played.appended = store->found.texts;
  Journal& journal = *store->journal;
  FrameBuilder frames(disk.calls());
  for (int i = 0; i < 12; ++i) {
    const std::string text = std::to_string(i) + std::string(600, 'x');
    played.appended[append(journal, frames, {text})] = text;
    // A second is what a full disk is given before it is asked again.
    journal.step(MonoTime{Millis{i * 1100}});
    played.durable = journal.durable_end();
  }
  journal.finish(MonoTime{Millis{100'000}});
  played.durable = journal.durable_end();
  played.failure = journal.failure();
  return played;
}

void check_kept(FakeDisk& disk, const Played& played) {
  const auto found = reopen(disk).found.texts;
  CHECK(found.size() + 1 >= played.durable);
  for (const auto& [position, text] : found) {
    const auto appended = played.appended.find(position);
    REQUIRE(appended != played.appended.end());
    REQUIRE(appended->second == text);
  }
}

// The nth call fails; true if there was one.
bool fail_nth(std::uint64_t nth, ErrorCode code, bool on_old_store) {
  INFO("call " << nth << " fails, code " << static_cast<int>(code));
  FakeDisk disk;
  if (on_old_store) play(disk);
  const std::uint64_t before = disk.calls();
  disk.fail_call(nth, code);
  const Played played = play(disk);
  const bool failed = disk.calls() - before >= nth;
  // Only a full disk is a thing that passes, and not while what was written is synced. How much is
  // free is only for choosing a size: not to know it means the smallest.
  if (failed && code == ErrorCode::io && disk.failed_call != "free_bytes")
    CHECK(played.failure.has_value());
  if (failed && code == ErrorCode::unavailable && played.opened) {
    INFO(disk.failed_call << (played.failure ? ": " + played.failure->text : ""));
    const bool may_end = disk.failed_call == "sync" || disk.failed_call == "sync_directory";
    if (!may_end) REQUIRE_FALSE(played.failure);
    if (!played.failure) CHECK(played.durable == played.appended.size() + 1);
  }
  if (!played.opened && !on_old_store) {
    // Half a store is made a whole one, and not refused.
    CHECK(reopen(*disk.kill()).found.texts.empty());
  } else if (played.opened) {
    simulation::Random random(nth);
    check_kept(*disk.crash(random), played);
    check_kept(*disk.kill(), played);
  }
  return failed;
}

}  // namespace

TEST_CASE("an error of the medium at any call loses nothing that was promised", "[storage]") {
  const bool on_old_store = GENERATE(false, true);
  std::uint64_t nth = 1;
  while (fail_nth(nth, ErrorCode::io, on_old_store)) ++nth;
  CHECK(nth > 60);
}

TEST_CASE("a full disk at any call loses nothing that was promised", "[storage]") {
  const bool on_old_store = GENERATE(false, true);
  std::uint64_t nth = 1;
  while (fail_nth(nth, ErrorCode::unavailable, on_old_store)) ++nth;
  CHECK(nth > 60);
}

TEST_CASE("a file system that finds no room while it writes is asked again", "[storage]") {
  FakeDisk disk;
  SmallStore store = reopen(disk);
  Journal& journal = *store.journal;
  FrameBuilder frames(1);
  append(journal, frames, {"before"});
  journal.step(MonoTime{Millis{1}});
  disk.fault = [](std::string_view call, const std::string& path) {
    const bool fails = call == "write" && path.ends_with(segment_ending);
    return fails ? std::optional(ErrorCode::unavailable) : std::nullopt;
  };
  for (int i = 0; i < 3; ++i) append(journal, frames, {std::string(300, static_cast<char>(i))});
  simulation::Random random(1);
  for (int second = 1; second < 5; ++second) {
    journal.step(MonoTime{Millis{second * 1100}});
    CHECK(journal.durable_end() == 2);
    CHECK(journal.space() == SpaceState::full);
    CHECK_FALSE(journal.failure().has_value());
    CHECK(reopen(*disk.kill()).found.texts.size() <= 4);
    CHECK_FALSE(reopen(*disk.crash(random)).found.texts.empty());
  }
  disk.fault = {};
  journal.step(MonoTime{Millis{6000}});
  CHECK(journal.durable_end() == 5);
  CHECK(journal.space() == SpaceState::ok);
  CHECK(reopen(*disk.crash(random)).found.texts.size() == 4);
}

TEST_CASE("a journal that cannot write its last frames ends without them", "[storage]") {
  FakeDisk disk;
  SmallStore store = reopen(disk);
  FrameBuilder frames(1);
  append(*store.journal, frames, {"before"});
  store.journal->step(MonoTime{Millis{1}});
  append(*store.journal, frames, {std::string(300, 'x')});
  disk.fault = [](std::string_view call, const std::string&) {
    return call == "write" ? std::optional(ErrorCode::unavailable) : std::nullopt;
  };
  store.journal->finish(MonoTime{Millis{2}});
  CHECK_FALSE(store.journal->failure().has_value());
  CHECK(store.journal->durable_end() == 2);
  disk.fault = {};
  store.journal.reset();
  CHECK(reopen(disk).found.texts.size() == 1);
}

TEST_CASE("on a full disk the reserve takes what is appended, and what is more waits",
          "[storage]") {
  FakeDisk disk;
  SmallStore store = reopen(disk);
  Journal& journal = *store.journal;
  std::vector<SpaceState> news;
  journal.on_news([&] { news.push_back(journal.space()); });
  disk.capacity = disk.used_bytes();  // the first segment, the spare and the reserve are there
  FrameBuilder frames(1);
  int ms = 0;
  const auto append_one = [&] {
    append(journal, frames, {std::string(800, 'x')});
    journal.step(MonoTime{Millis{ms += 10}});
    return journal.committed_end() == journal.next_position();
  };
  CHECK(journal.space() == SpaceState::ok);
  int committed = 0;
  int committed_when_full = 0;
  while (append_one()) {
    ++committed;
    if (journal.space() == SpaceState::full) ++committed_when_full;
    REQUIRE(committed < 100);
  }
  CHECK(journal.space() == SpaceState::full);
  CHECK(committed_when_full >= 2);
  CHECK(journal.waiting_bytes() > 0);
  CHECK_FALSE(journal.failure().has_value());

  // Room for a segment: what waited is committed; the reserve is not whole yet.
  disk.capacity = disk.used_bytes() + 4096 + 4096 + 100;
  journal.step(MonoTime{Millis{ms += 1100}});
  CHECK(journal.committed_end() == journal.next_position());
  CHECK(journal.space() == SpaceState::recovering);
  disk.capacity += 100'000;
  journal.step(MonoTime{Millis{ms += 1100}});
  CHECK(journal.space() == SpaceState::ok);
  CHECK(news.back() == SpaceState::ok);
  const Position end = journal.durable_end();
  store.journal.reset();
  CHECK(reopen(disk).journal->next_position() == end);
}

TEST_CASE("a store opens on a full disk, from its reserve", "[storage]") {
  FakeDisk disk;
  {
    SmallStore store = reopen(disk);
    store.journal->finish({});
  }
  disk.capacity = 0;
  SmallStore store = reopen(disk);
  FrameBuilder frames(1);
  append(*store.journal, frames, {"small"});
  store.journal->step(MonoTime{Millis{1}});
  CHECK(store.journal->durable_end() == 2);
}

TEST_CASE("a new store on a full disk is refused, and leaves nothing in the way", "[storage]") {
  FakeDisk disk;
  disk.capacity = 1000;
  const auto store = open_small(disk);
  REQUIRE_FALSE(store.has_value());
  CHECK(store.error().code == ErrorCode::unavailable);
  disk.capacity = 1'000'000;
  CHECK(reopen(disk).report.is_new);
}
