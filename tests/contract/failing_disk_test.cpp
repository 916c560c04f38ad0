// A broker with its threads, on a disk that fails.
#include <atomic>
#include <catch2/catch.hpp>

#include "tests/contract/running_broker.h"
#include "tests/contract/waiting_client.h"
#include "tests/unit/storage/fake_disk.h"

using namespace mqz;
using namespace mqz::contract;

namespace {

broker::StoreOptions store_on(os::Disk& disk) {
  constexpr std::uint64_t bytes = std::uint64_t{2} << 20U;
  return {.directory = "/store", .sizes = {bytes, bytes, 1, bytes, 0}, .disk = &disk};
}

}  // namespace

TEST_CASE("after a sync that fails nothing is acknowledged, and the broker says why it has to end",
          "[threads]") {
  const auto shard_count = GENERATE(as<broker::ShardIndex>(), 1, 4);
  storage::FakeDisk disk;
  std::atomic<bool> fails = false;
  disk.fault = [&](std::string_view call, const std::string&) -> std::optional<ErrorCode> {
    if (call == "sync" && fails) return ErrorCode::io;
    return std::nullopt;
  };
  RunningBroker broker(shard_count, store_on(disk));
  WaitingClient client({broker.port(), "c"});
  REQUIRE(client.connect());
  REQUIRE(client.publish("t", "kept", mqtt::Qos::at_least_once, true));
  REQUIRE(client.wait_for_acknowledgements());
  CHECK_FALSE(broker.server().failure());
  fails = true;
  REQUIRE(client.publish("t", "not kept", mqtt::Qos::at_least_once, true));
  REQUIRE(client.wait_until([&] { return broker.server().failure().has_value(); }));
  CHECK(broker.server().failure()->code == ErrorCode::io);
  CHECK(broker.server().failure()->text.find("/store/") != std::string::npos);
  broker.stop();
  CHECK_FALSE(client.wait_for_acknowledgements());
}

TEST_CASE("what was acknowledged before a disk failed is there in the next life", "[threads]") {
  storage::FakeDisk disk;
  {
    RunningBroker broker(1, store_on(disk));
    WaitingClient client({broker.port(), "c"});
    REQUIRE(client.connect());
    REQUIRE(client.publish("t", "kept", mqtt::Qos::at_least_once, true));
    REQUIRE(client.wait_for_acknowledgements());
  }
  const auto found = disk.kill();
  RunningBroker broker(4, store_on(*found));
  WaitingClient client({broker.port(), "d"});
  REQUIRE(client.connect());
  REQUIRE(client.subscribe("t", mqtt::Qos::at_least_once));
  REQUIRE(client.wait_until([&] { return !client.received().empty(); }));
  CHECK(client.received().front() == "kept");
}
