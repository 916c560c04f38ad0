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

}  // namespace

TEST_CASE("a retained value that a newer one had overtaken is not sent after a crash") {
  CHECK(waiting_after("newer", "older") == 0);
}

TEST_CASE("a retained value that was still the newest is sent after a crash") {
  CHECK(waiting_after("newest", "newest") == 1);
}
