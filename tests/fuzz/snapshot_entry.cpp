// Input: an entry's kind, its version, the length of its key, the key, and its value. What reads is
// written again as it is read, and comes back into a shard, which takes memory for what is there.
#include "lib/broker/replay.h"
#include "lib/broker/snapshot_codec.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace mqz;

struct Written {
  storage::SnapshotSlice slice{};
  storage::BlockSealer sealer{storage::SnapshotHeader{}};
  storage::BlockReader reader{storage::SnapshotHeader{}};
  storage::SnapshotEntry entry{};

  Written(const broker::SnapshotObject& object, Now now) {
    broker::add_to(slice, object, 1, now);
    MQZ_CHECK(reader.read(sealer.seal(slice)) == storage::BlockFault::none);
    MQZ_CHECK(reader.next(entry));
  }
};

// With a queue that has an entry where the session's begins, and is as long as that says.
void restore(broker::SnapshotObject object, Now now) {
  broker::Shard::Options options{};
  options.sequencer = std::make_unique<broker::MemorySequencer>();
  broker::Shard shard(std::move(options));
  shard.set_now(now);
  broker::Replay replay({&shard}, {.left = 1000});
  broker::SessionImage session{.client_id = "c", .number = 1, .claim = 1, .durable = true};
  session.queue_end = 1;
  broker::QueueImage first{.number = 1};
  if (const auto* image = std::get_if<broker::SessionImage>(&object)) {
    first = {.number = image->number, .begin = image->queue_begin};
  } else {
    replay.restore(std::move(session), 1);
  }
  first.entries.push_back({.state = broker::SendState::done});
  const bool is_queue = std::holds_alternative<broker::QueueImage>(object);
  if (is_queue) replay.restore(std::move(first), 1);
  replay.restore(std::move(object), 1);
  if (!is_queue) replay.restore(std::move(first), 1);
  replay.end();
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3 || size - 3 < data[2]) return 0;
  const Now now{MonoTime(Millis(1000)), WallTime(Millis(2000))};
  const Bytes input = as_bytes(fuzz::text_of(data, size)).subspan(3);
  auto object =
      broker::decode({data[0], data[1], input.first(data[2]), 1, input.subspan(data[2])}, now);
  if (!object) return 0;
  const Written once(*object, now);
  const auto again = broker::decode(once.entry, now);
  MQZ_CHECK(again.has_value());
  const Written twice(*again, now);
  MQZ_CHECK(as_text(once.entry.key) == as_text(twice.entry.key));
  MQZ_CHECK(as_text(once.entry.value) == as_text(twice.entry.value));
  restore(*std::move(object), now);
  return 0;
}
