// What shared groups give to members that are away is in the journal, and goes to other members
// from there.
#include "lib/broker/shard_returns.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <set>

#include "lib/broker/shard_snapshot.h"
#include "lib/broker/snapshot_codec.h"
#include "lib/mqtt/encode.h"
#include "tests/unit/broker/parking_shard.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

constexpr const char* filter = "$share/g/t";

void join_and_leave_alone(ParkingShard& it, const std::string& client_id) {
  Connection& client = it.connect(client_id);
  it.subscribe(client, filter);
  it.lose(client);
}

void publish(ParkingShard& it, std::size_t count) {
  Connection& publisher = it.connect("publisher");
  for (std::size_t number = 0; number < count; ++number)
    it.publish(publisher, "t", fmt::format("<{:06}>", number));
  it.lose(publisher);
}

// It does not settle: what the client had is still to be given to others.
void end_session(ParkingShard& it, const std::string& client_id) {
  mqtt::PropertyWriter properties;
  properties.number(mqtt::PropertyId::session_expiry_interval, 0);
  std::string bytes;
  mqtt::append(bytes, mqtt::Disconnect{.properties = properties.view()}, mqtt::Version::v5);
  it.shard->receive(it.connect(client_id), as_bytes(bytes));
  REQUIRE(it.shard->find_session(client_id) == nullptr);
}

std::size_t parked_of(const SendQueue& queue) {
  std::size_t parked = 0;
  for (auto at = queue.begin_position(); at < queue.end_position(); ++at)
    parked += queue.at(at).message.is_parked();
  return parked;
}

// The client comes for all it is owed; whether that was these messages, in order.
bool takes_all(ParkingShard& it, const std::string& client_id, std::size_t count) {
  Connection& client = it.connect(client_id);
  std::string output;
  while (!it.queue_of(client_id).empty()) {
    it.settle();
    output += it.take_output(client);
    it.acknowledge(client, SendQueue::packet_id(it.queue_of(client_id).begin_position()));
  }
  std::size_t at = 0;
  for (std::size_t number = 0; number < count && at != std::string::npos; ++number)
    at = output.find(fmt::format("<{:06}>", number), at);
  return at != std::string::npos;
}

class Counted final : public SnapshotTarget {
 public:
  std::size_t room() override { return 1U << 20U; }
  void add(storage::SnapshotSlice slice) override {
    REQUIRE(reader_.read(sealer_.seal(slice)) == storage::BlockFault::none);
    storage::SnapshotEntry entry;
    while (reader_.next(entry)) {
      const auto object = decode(entry, Now{});
      REQUIRE(object.has_value());
      if (const auto* share = std::get_if<ShareImage>(&*object)) shares.push_back(*share);
    }
  }
  void add_parked(const storage::LiveBodies& bodies) override { parked.merge(bodies); }
  void end() override { is_complete = true; }

  bool is_complete = false;
  std::vector<ShareImage> shares{};
  storage::LiveBodies parked{};

 private:
  storage::BlockSealer sealer_{storage::SnapshotHeader{}};
  storage::BlockReader reader_{storage::SnapshotHeader{}};
};

}  // namespace

TEST_CASE("what a group gave a member that is away is in the journal, whole and in order",
          "[broker]") {
  ParkingShard it;
  join_and_leave_alone(it, "one");
  publish(it, 300);
  CHECK(parked_of(it.queue_of("one")) == 300);
  it.records.reads.clear();
  CHECK(takes_all(it, "one", 300));
  CHECK(it.records.reads.size() == 300);
}

TEST_CASE("what a member gives back is read so much a turn, and goes to the next in order",
          "[broker]") {
  ParkingShard it({.sends = {.a_turn = {100, 1U << 20U}}});
  join_and_leave_alone(it, "one");
  publish(it, 1'000);
  join_and_leave_alone(it, "two");
  end_session(it, "one");
  std::size_t turns = 0;
  for (; it.shard->has_work() && turns < 100; ++turns) {
    it.records.reads.clear();
    it.turn();
    CHECK(it.records.reads.size() <= 100);
  }
  CHECK(turns >= 9);
  CHECK(turns < 20);
  CHECK(parked_of(it.queue_of("two")) == 1'000);
  CHECK(takes_all(it, "two", 1'000));
}

TEST_CASE("a new message comes behind what its group gives again", "[broker]") {
  ParkingShard it({.sends = {.a_turn = {3, 1'000}}});
  join_and_leave_alone(it, "one");
  publish(it, 100);
  join_and_leave_alone(it, "two");
  end_session(it, "one");
  Connection& publisher = it.connect("publisher");
  it.publish(publisher, "t", "<000100>");
  REQUIRE(it.shard->has_work());
  it.settle();
  CHECK(takes_all(it, "two", 101));
}

TEST_CASE("a snapshot has what a group is to give again, and the segments that has its messages",
          "[broker]") {
  ParkingShard it({.sends = {.a_turn = {10, 1U << 20U}}});
  join_and_leave_alone(it, "one");
  publish(it, 200);
  join_and_leave_alone(it, "two");
  end_session(it, "one");
  const auto written = std::make_shared<Counted>();
  it.shard->snapshot().begin(written);
  for (int turns = 0; !written->is_complete && turns < 5; ++turns) it.turn();
  REQUIRE(written->is_complete);
  CHECK(written->shares.size() > 100);
  for (const ShareImage& share : written->shares) {
    REQUIRE(share.message.is_parked());
    CHECK(written->parked.of(share.message.place().at(0).segment) > 0);
  }
  it.settle();
  CHECK(takes_all(it, "two", 200));
}

TEST_CASE("what a group gave is moved to the journal's end like all that waits", "[broker]") {
  ParkingShard it;
  join_and_leave_alone(it, "one");
  publish(it, 300);
  const auto last =
      static_cast<std::uint32_t>(it.records.committed.size() / ParkedRecords::in_segment);
  std::vector<std::uint32_t> segments;
  for (std::uint32_t ordinal = 1; ordinal <= last; ++ordinal) segments.push_back(ordinal);
  it.shard->empty_segments(segments);
  it.settle();
  it.turn();  // what was proposed last is applied
  const SendQueue& queue = it.queue_of("one");
  for (auto at = queue.begin_position(); at < queue.end_position(); ++at)
    REQUIRE(queue.at(at).message.place().at(0).segment > last);
  CHECK(takes_all(it, "one", 300));
}
