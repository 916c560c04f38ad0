// Reading messages of long queues back from a journal whose disk fails, or lies.
#include "lib/broker/parked_messages.h"

#include <catch2/catch.hpp>

#include "lib/broker/journal_sequencer.h"
#include "lib/broker/send_queue.h"
#include "tests/unit/storage/small_store.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

constexpr Now now{MonoTime(Millis(1'000'000)), WallTime(Millis(1'700'000'000'000))};

// A message in one record and one in parts.
struct Journaled {
  storage::FakeDisk disk{};
  storage::SmallStore store{};
  std::vector<storage::BodyPlace> places{};
  std::vector<std::uint32_t> costs{};

  Journaled() {
    storage::JournalOptions options;
    options.sizes = {4U << 20U, 2U << 20U, 2, 4U << 20U, 0};
    store = storage::reopen(disk, options);
    JournalSequencer sequencer(*store.journal, 1);
    for (const std::size_t bytes : {std::size_t{500}, 2 * JournalSequencer::part_bytes}) {
      Record record{};
      record.what = PublishRecord{
          .message = MessageRef::make("t", {}, as_bytes(std::string(bytes, 'x')),
                                      mqtt::Qos::at_least_once, false, MonoTime::max())};
      sequencer.propose(std::move(record), now);
    }
    sequencer.flush();
    store.journal->step(now.mono);
    while (const auto record = sequencer.take_committed()) {
      places.push_back(record->place);
      costs.push_back(cost_of(std::get<PublishRecord>(record->what).message->text_bytes()));
    }
    REQUIRE(places.size() == 2);
  }
  std::string path() const { return store.journal->segments().find(1)->path; }
  ReadMessage read(JournalMessages& messages, std::size_t index) const {
    return messages.read(places[index], costs[index], now);
  }
};

}  // namespace

TEST_CASE("a disk that fails for a while is not damage, whatever loss was accepted", "[broker]") {
  const auto code = GENERATE(ErrorCode::io, ErrorCode::unavailable);
  Journaled it;
  JournalMessages messages(it.store.journal->segments(), storage::any_loss);
  for (std::size_t index = 0; index < it.places.size(); ++index) {
    it.disk.fault = [&](std::string_view call, const std::string&) {
      return call == "read" ? std::optional(code) : std::nullopt;
    };
    const ReadMessage failed = it.read(messages, index);
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().error.code == code);
    CHECK_FALSE(failed.error().is_damage());
    CHECK_FALSE(failed.error().may_pass);
    CHECK_THAT(failed.error().error.text,
               Catch::StartsWith(it.path() + ": ") && Catch::Contains("offset "));
    it.disk.fault = {};
    CHECK(it.read(messages, index).has_value());
    messages.rest();
    messages.rest();
  }
}

TEST_CASE("damage may be passed over where its loss was accepted, and only there", "[broker]") {
  Journaled it;
  for (std::size_t index = 0; index < it.places.size(); ++index) {
    const storage::BodyPlace& place = it.places[index];
    const storage::Address last = place.at(place.count() - 1);
    it.disk.flip_bit(it.path(), std::size_t{8} * (last.offset + storage::record_header_bytes));
    JournalMessages strict(it.store.journal->segments());
    const ReadMessage refused = it.read(strict, index);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().is_damage());
    CHECK_FALSE(refused.error().may_pass);
    CHECK_THAT(refused.error().error.text, Catch::StartsWith(it.path() + ": offset "));
    JournalMessages accepting(it.store.journal->segments(), {.last_segment = last.segment});
    CHECK(it.read(accepting, index).error().may_pass);
  }
}

TEST_CASE("a message of another size than its queue counts for is damage", "[broker]") {
  Journaled it;
  JournalMessages messages(it.store.journal->segments());
  const ReadMessage read = messages.read(it.places[0], it.costs[0] + 8, now);
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().is_damage());
}

TEST_CASE("a segment that is missing is named as the file it was", "[broker]") {
  Journaled it;
  storage::SegmentTable none;
  JournalMessages messages(none, {.last_segment = 1});
  CHECK(it.read(messages, 0).error().error.text == "segment 1 of the journal: missing");
  none.note_missing(1, {1, it.path()});
  const ReadMessage read = it.read(messages, 0);
  CHECK(read.error().error.text == it.path() + ": missing");
  CHECK(read.error().may_pass);
}
