// What is said of sessions that a repair could not keep.
#include "commands/store_gone.h"

#include <catch2/catch.hpp>

#include "lib/broker/journal_sequencer.h"
#include "lib/broker/snapshot_codec.h"
#include "tests/unit/storage/small_store.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

constexpr Now now{MonoTime(Millis(1'000'000)), WallTime(Millis(1'700'000'000'000))};

// A snapshot with one session, and records of some others behind it.
storage::FakeDisk make_store(std::vector<Record> records) {
  storage::FakeDisk disk;
  storage::SmallStore store = storage::reopen(disk);
  JournalSequencer sequencer(*store.journal, 1);
  for (Record& record : records) sequencer.propose(std::move(record), now);
  sequencer.flush();
  store.journal->step(now.mono);
  store.journal->finish(now.mono);
  auto writer = storage::SnapshotWriter::begin(disk, storage::store_directory,
                                               {store.journal->store_id(), 1, 0});
  storage::SnapshotSlice slice;
  add_to(slice, SessionImage{.client_id = "kept", .number = 1, .claim = 1, .durable = true}, 0,
         now);
  add_to(slice, EndedImage{"ended", 4}, 0, now);
  add_to(slice, FrontImage{.replay_from = 1}, 0, now);
  REQUIRE(writer->add(std::move(slice)).has_value());
  REQUIRE(writer->finish().has_value());
  return disk;
}

Record settle(std::uint64_t number) {
  return {.number = number, .what = SettleRecord{.position = 1}};
}

Record deliver(std::uint64_t number, std::string_view topic) {
  return {.number = number,
          .what = DeliverRecord{.message = MessageRef::make(topic, {}, as_bytes("x"),
                                                            mqtt::Qos::at_least_once, false,
                                                            MonoTime::max())}};
}

Record subscribe(std::uint64_t number, const std::string& filter) {
  return {.number = number,
          .what = SubscribeRecord{.entries = {{filter, {}}}, .refused = {mqtt::Reason::success}}};
}

std::string gone(std::vector<Record> records, const commands::KnownSessions& before = {}) {
  storage::FakeDisk disk = make_store(std::move(records));
  return commands::describe_gone(disk, storage::store_directory, before, now).value();
}

}  // namespace

TEST_CASE("records of sessions that are there, or have ended, are not lost", "[store]") {
  CHECK(gone({settle(1), settle(4), {.number = 9, .what = EndRecord{9}}}) == "");
  CHECK(gone({{.what = ConnectRecord{.client_id = "new", .claim = 7, .durable = true}},
              settle(7)}) == "");
}

TEST_CASE("records of sessions that are gone are counted, with their topics", "[store]") {
  CHECK(gone({settle(2)}) ==
        "lost: 1 session whose clients are not known; 1 record behind the snapshot is passed "
        "over\n");
  CHECK(gone({settle(2), deliver(2, "t/1"), subscribe(3, "a/#"), settle(1)}) ==
        "lost: 2 sessions whose clients are not known; 3 records behind the snapshot are passed "
        "over; messages of: t/1; subscribed to: a/#\n");
}

TEST_CASE("a session that is gone is named where somebody knew it", "[store]") {
  commands::KnownSessions before;
  before[1] = {.client_id = "kept", .durable = true};
  before[2] = {.client_id = "late", .durable = true, .filters = {"a/#"}};
  before[3] = {.client_id = "quiet", .durable = true};
  CHECK(gone({deliver(2, "t/1"), settle(2)}, before) ==
        "lost: the session of client late; 2 records behind the snapshot are passed over; "
        "messages of: t/1; subscribed to: a/#\n"
        "lost: the session of client quiet; 0 records behind the snapshot are passed over\n");
}
