// Where records stand in the journal, as the sequencer says it.
#include "lib/broker/journal_sequencer.h"

#include <catch2/catch.hpp>
#include <deque>

#include "lib/broker/parked_messages.h"
#include "lib/broker/record_codec.h"
#include "lib/broker/send_queue.h"
#include "tests/simulation/random.h"
#include "tests/unit/storage/small_store.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

constexpr Now now{MonoTime(Millis(1'000'000)), WallTime(Millis(1'700'000'000'000))};
constexpr std::size_t part = JournalSequencer::part_bytes;

storage::JournalOptions options() {
  storage::JournalOptions options;
  options.sizes = {4U << 20U, 2U << 20U, 2, 4U << 20U, 0};
  return options;
}

Record record_of(std::size_t payload_bytes, char letter) {
  const std::string payload(payload_bytes, letter);
  Record record{};
  record.what =
      PublishRecord{.message = MessageRef::make("t", {}, as_bytes(payload),
                                                mqtt::Qos::at_least_once, false, MonoTime::max())};
  return record;
}

std::string payload_of(const Record& record) {
  return std::string(as_text(std::get<PublishRecord>(record.what).message->payload()));
}

struct Sequenced {
  storage::FakeDisk disk{};
  storage::SmallStore store = storage::reopen(disk, options());
  JournalSequencer sequencer{*store.journal, 1};
  std::deque<std::string> expected{};
  std::uint64_t next = 1;  // position

  void propose(std::size_t payload_bytes, char letter) {
    Record record = record_of(payload_bytes, letter);
    expected.push_back(payload_of(record));
    sequencer.propose(std::move(record), now);
  }
  // What is committed now stands where it says, and in so many parts.
  void check_committed() {
    JournalMessages messages(store.journal->segments());
    while (auto record = sequencer.take_committed()) {
      REQUIRE(!expected.empty());
      REQUIRE(payload_of(*record) == expected.front());
      const std::size_t size = encoded_size(*record, now);
      const std::size_t parts = (size + part - 1) / part;
      next += parts;
      CHECK(record->position == next - 1);
      CHECK(record->place.count() == parts);
      const auto cost = cost_of(std::get<PublishRecord>(record->what).message->text_bytes());
      const ReadMessage again = messages.read(record->place, cost, now);
      REQUIRE(again);
      REQUIRE(as_text((*again)->payload()) == expected.front());
      expected.pop_front();
    }
  }
};

}  // namespace

TEST_CASE("records in parts between small ones leave those their addresses", "[broker]") {
  Sequenced it;
  it.propose(10, 'a');
  it.propose(3 * part, 'b');  // its last part begins a frame that goes on
  it.propose(20, 'c');
  it.propose(30, 'd');
  it.sequencer.flush();
  it.propose(part + 1, 'e');
  it.propose(part + 1, 'f');
  it.propose(40, 'g');
  CHECK_FALSE(it.sequencer.take_committed());
  it.sequencer.flush();
  it.store.journal->step(now.mono);
  it.check_committed();
  CHECK(it.expected.empty());
}

TEST_CASE("any order of records, turns and commits gives each its address", "[broker]") {
  Sequenced it;
  simulation::Random random(7);
  const std::size_t around = encoded_size(record_of(part, 'x'), now) - part;
  const std::array sizes{std::size_t{1},
                         std::size_t{100},
                         std::size_t{5'000},
                         part / 2,
                         part - around,
                         part - around + 1,
                         part,
                         2 * part,
                         2 * part - around,
                         part - around - 100};
  for (int round = 0; round < 300; ++round) {
    const bool is_small = random.chance(0.7);
    it.propose(sizes[is_small ? random.below(3) : random.below(sizes.size())],
               static_cast<char>('a' + round % 26));
    if (random.chance(0.4)) it.sequencer.flush();
    if (random.chance(0.2)) it.store.journal->step(now.mono);
    if (random.chance(0.3)) it.check_committed();
  }
  it.sequencer.flush();
  it.store.journal->step(now.mono);
  it.check_committed();
  CHECK(it.expected.empty());
}
