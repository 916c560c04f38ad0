// A queue whose messages are in the journal, as somebody sees it who looks into the store.
#include "lib/broker/store_walk.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "lib/broker/journal_sequencer.h"
#include "tests/unit/storage/small_store.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

constexpr Now now{MonoTime(Millis(1'000'000)), WallTime(Millis(1'700'000'000'000))};
constexpr std::size_t message_bytes = 100'000;

class Parts final : public WalkVisitor {
 public:
  Result<void> on_object(const WalkedObject& walked) override {
    if (walked.object == nullptr) return ++errors, Result<void>{};
    std::size_t bytes = 0;
    for (const Outgoing& entry : std::get<QueueImage>(*walked.object).entries) {
      const MessageRef message = entry.message.at_hand();
      topics.push_back(message ? std::string(message->topic()) : "unreadable");
      if (message) bytes += message->bytes();
    }
    parts.push_back(bytes);
    return {};
  }
  Result<void> on_unreadable(const UnreadableMessage&) override { return ++errors, Result<void>{}; }
  Result<void> on_record(const WalkedRecord&) override { return {}; }
  Result<void> on_lost(storage::Position, storage::Position, bool) override { return {}; }

  std::vector<std::string> topics{};
  std::vector<std::size_t> parts{};  // bytes of messages at hand
  std::size_t errors = 0;
};

}  // namespace

TEST_CASE("a queue is shown in parts whose messages fit into memory", "[broker]") {
  storage::FakeDisk disk;
  storage::JournalOptions options;
  options.sizes = {8U << 20U, 2U << 20U, 2, 8U << 20U, 0};
  storage::SmallStore store = storage::reopen(disk, options);
  JournalSequencer sequencer(*store.journal, 1);
  const std::string payload(message_bytes, 'x');
  for (int count = 0; count < 40; ++count) {
    Record record{};
    record.what = PublishRecord{
        .message = MessageRef::make(fmt::format("t/{}", count), {}, as_bytes(payload),
                                    mqtt::Qos::at_least_once, false, MonoTime::max())};
    sequencer.propose(std::move(record), now);
  }
  sequencer.flush();
  store.journal->step(now.mono);

  QueueImage queue{.number = 7};
  while (const auto record = sequencer.take_committed()) {
    const Message& message = *std::get<PublishRecord>(record->what).message;
    queue.entries.push_back({.message = QueuedMessage(record->place),
                             .cost = cost_of(message.text_bytes()),
                             .qos = mqtt::Qos::at_least_once});
  }
  queue.entries[5].message = QueuedMessage(storage::Address{99, 512});
  storage::SnapshotSlice slice;
  add_to(slice, std::move(queue), 40, now);
  storage::BlockSealer sealer{storage::SnapshotHeader{}};
  storage::BlockReader reader{storage::SnapshotHeader{}};
  REQUIRE(reader.read(sealer.seal(slice)) == storage::BlockFault::none);
  storage::SnapshotEntry entry;
  REQUIRE(reader.next(entry));

  Parts shown;
  StoreWalk walk(shown, now, disk, storage::store_directory);
  REQUIRE(walk.on_snapshot_entry(entry).has_value());
  CHECK(shown.parts.size() >= 4);
  for (const std::size_t bytes : shown.parts)
    CHECK(bytes <= StoreWalk::read_back_bytes + 2 * message_bytes);
  REQUIRE(shown.topics.size() == 40);
  CHECK(shown.topics[5] == "unreadable");
  CHECK(shown.errors == 1);
  for (std::size_t at = 0; at < 40; ++at) {
    if (at != 5) CHECK(shown.topics[at] == fmt::format("t/{}", at));
  }
}
