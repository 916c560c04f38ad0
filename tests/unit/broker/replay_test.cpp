#include "lib/broker/replay.h"

#include <catch2/catch.hpp>
#include <string>

using namespace mqz;
using namespace mqz::broker;

namespace {

MessageRef value(const std::string& text) {
  return MessageRef::make("t", {}, as_bytes(text), mqtt::Qos::at_least_once, true, MonoTime::max());
}

// What waits for a durable session that was being sent `delivered` when `retained` was the value.
std::size_t waiting_after(const std::string& retained, const std::string& delivered) {
  Shard::Options options{};
  options.sequencer = std::make_unique<MemorySequencer>();
  Shard shard(std::move(options));
  Replay replay({&shard});
  std::uint64_t position = 0;
  const auto apply = [&](auto what) {
    Record record{};
    record.number = 1;
    record.position = ++position;
    record.what = std::move(what);
    replay.apply(std::move(record));
  };
  ConnectRecord connect{};
  connect.client_id = "c";
  connect.claim = 1;
  connect.durable = true;
  connect.expiry_s = UINT32_MAX;
  apply(std::move(connect));
  PublishRecord publish{};
  publish.message = value(retained);
  apply(std::move(publish));
  DeliverRecord delivery{};
  delivery.message = value(delivered);
  delivery.qos = mqtt::Qos::at_least_once;
  delivery.retain = true;
  delivery.owed_read = 1;
  apply(std::move(delivery));
  replay.finish();
  shard.tick();
  const Session* session = shard.find_session("c");
  REQUIRE(session != nullptr);
  return session->send.size();
}

// A queue of which a snapshot has the entry at 100, and not those up to `end`.
Result<void> restored_up_to(std::uint64_t end, std::uint64_t piece_at = 100) {
  Shard::Options options{};
  options.sequencer = std::make_unique<MemorySequencer>();
  Shard shard(std::move(options));
  Replay replay({&shard}, {.left = 1000});
  SessionImage session{.client_id = "c", .number = 1, .claim = 1, .durable = true};
  session.queue_begin = 100;
  session.queue_end = end;
  replay.restore(std::move(session), 1);
  for (const std::uint64_t at : {std::uint64_t{100}, piece_at}) {
    QueueImage queue{.number = 1, .begin = at};
    queue.entries.push_back({.message = value("x")});
    replay.restore(std::move(queue), 1);
  }
  replay.end();
  if (replay.check()) CHECK(shard.find_session("c")->send.end_position() == end);
  return replay.check();
}

}  // namespace

TEST_CASE("a snapshot that lacks more of a queue than a repair leaves out is corrupt", "[broker]") {
  CHECK(restored_up_to(1101).has_value());
  CHECK(restored_up_to(1102).error().code == ErrorCode::corrupt);
  CHECK(restored_up_to(SendQueue::positions_max).error().code == ErrorCode::corrupt);
  CHECK(restored_up_to(1102, 500).has_value());
  CHECK(restored_up_to(SendQueue::positions_max, 2000).error().code == ErrorCode::corrupt);
}

TEST_CASE("positions before the first entry of a queue that is there take no memory", "[broker]") {
  SendQueue queue;
  queue.restore(100, 100, {120, 20, 0});
  queue.fill(SendQueue::positions_max);
  CHECK(queue.empty());
  CHECK(queue.end_position() == SendQueue::positions_max);
  queue.push({.qos = mqtt::Qos::at_least_once});
  CHECK(queue.next() == std::nullopt);
  queue.begin_use(1);
  CHECK(queue.next() == SendQueue::positions_max);
}

TEST_CASE("a retained value that a newer one had overtaken is not sent after a crash") {
  CHECK(waiting_after("newer", "older") == 0);
}

TEST_CASE("a retained value that was still the newest is sent after a crash") {
  CHECK(waiting_after("newest", "newest") == 1);
}
