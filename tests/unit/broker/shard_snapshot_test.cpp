// A queue that is written over many turns, while its client acknowledges and others publish.
#include "lib/broker/shard_snapshot.h"

#include <catch2/catch.hpp>

#include "lib/broker/replay.h"
#include "lib/broker/snapshot_codec.h"
#include "tests/unit/broker/parking_shard.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

constexpr std::uint64_t in_piece = 2;

// What is written, with its stamps; one object in a turn, and none before it is allowed.
class WrittenObjects final : public SnapshotTarget {
 public:
  struct One {
    SnapshotObject object;
    std::uint64_t stamp = 0;
  };
  std::size_t room() override { return allowed == 0 ? 0 : (--allowed, 1); }
  std::size_t queue_piece_bytes() const override { return (in_piece - 1) * sizeof(Outgoing) + 1; }
  void add(storage::SnapshotSlice slice) override {
    REQUIRE(reader_.read(sealer_.seal(slice)) == storage::BlockFault::none);
    storage::SnapshotEntry entry;
    while (reader_.next(entry)) {
      auto object = decode(entry, Now{});
      REQUIRE(object.has_value());
      objects.push_back({*std::move(object), entry.stamp});
    }
  }
  void add_parked(const storage::LiveBodies& bodies) override { parked.merge(bodies); }
  void end() override { is_complete = true; }

  std::size_t pieces() const { return queue().second; }
  // All that is written of queues, and in how many pieces.
  std::pair<std::vector<const Outgoing*>, std::size_t> queue() const {
    std::pair<std::vector<const Outgoing*>, std::size_t> found;
    for (const One& one : objects) {
      const auto* piece = std::get_if<QueueImage>(&one.object);
      if (piece == nullptr) continue;
      ++found.second;
      for (const Outgoing& entry : piece->entries) found.first.push_back(&entry);
    }
    return found;
  }

  std::size_t allowed = 0;
  bool is_complete = false;
  std::vector<One> objects{};
  storage::LiveBodies parked{};

 private:
  storage::BlockSealer sealer_{storage::SnapshotHeader{}};
  storage::BlockReader reader_{storage::SnapshotHeader{}};
};

void write_some(ParkingShard& it, WrittenObjects& written, std::size_t pieces) {
  for (int turns = 0; written.pieces() < pieces && turns < 100; ++turns) {
    written.allowed = 1;
    it.pass(Millis(10));
  }
  REQUIRE(written.pieces() >= pieces);
  REQUIRE_FALSE(written.is_complete);
}

void write_rest(ParkingShard& it, WrittenObjects& written) {
  written.allowed = SIZE_MAX;
  it.pass(Millis(10));
  REQUIRE(written.is_complete);
}

std::unique_ptr<Shard> recovered(const ParkedRecords& records, WrittenObjects* written,
                                 const Settings& settings) {
  Shard::Options options;
  options.settings = settings;
  options.sequencer = std::make_unique<MemorySequencer>();
  auto shard = std::make_unique<Shard>(std::move(options));
  Replay replay({shard.get()});
  if (written != nullptr) {
    for (auto& [object, stamp] : written->objects) replay.restore(std::move(object), stamp);
  }
  for (const Record& record : records.committed) replay.apply(record);
  replay.end();
  return shard;
}

void check_same(const SendQueue& one, const SendQueue& other) {
  CHECK(one.bytes() == other.bytes());
  REQUIRE(one.begin_position() == other.begin_position());
  REQUIRE(one.end_position() == other.end_position());
  for (std::uint64_t at = one.begin_position(); at < one.end_position(); ++at) {
    CHECK((one.at(at).state == SendState::retired) == (other.at(at).state == SendState::retired));
    CHECK(one.at(at).cost == other.at(at).cost);
  }
}

}  // namespace

TEST_CASE("an entry that is settled while its queue is written is in the snapshot as it was",
          "[broker]") {
  ParkingShard it;
  it.queue_for("away", 20);
  Connection& client = it.connect("away");
  it.acknowledge(client, 14);
  it.settle();
  const auto written = std::make_shared<WrittenObjects>();
  it.shard->snapshot().begin(written);
  write_some(it, *written, 3);

  it.acknowledge(client, 12);  // not the first: those before it keep their places
  it.settle();
  CHECK(it.queue_of("away").at(11).state == SendState::retired);
  write_rest(it, *written);

  const auto [entries, pieces] = written->queue();
  REQUIRE(entries.size() == 20);
  CHECK(pieces == 10);
  for (std::size_t at = 0; at < entries.size(); ++at)
    CHECK((entries[at]->state == SendState::retired) == (at == 13));
}

TEST_CASE("entries that leave a queue while it is written are in the snapshot", "[broker]") {
  ParkingShard it;
  it.queue_for("away", 20);
  Connection& client = it.connect("away");
  for (std::uint16_t id = 2; id < 16; ++id) it.acknowledge(client, id);
  it.settle();
  const auto written = std::make_shared<WrittenObjects>();
  it.shard->snapshot().begin(written);
  write_some(it, *written, 1);
  it.acknowledge(client, 1);  // the others leave with it
  it.settle();
  REQUIRE(it.queue_of("away").begin_position() == 15);
  write_rest(it, *written);
  CHECK(written->queue().first.size() == 20);
  const auto by_snapshot = recovered(it.records, written.get(), {});
  check_same(by_snapshot->find_session("away")->send, it.queue_of("away"));
}

TEST_CASE("a session that ends while its queue is written is not written any further", "[broker]") {
  ParkingShard it;
  it.queue_for("away", 20);
  const auto written = std::make_shared<WrittenObjects>();
  it.shard->snapshot().begin(written);
  write_some(it, *written, 3);
  it.end_session("away");
  REQUIRE(it.shard->find_session("away") == nullptr);
  write_rest(it, *written);
  CHECK(written->pieces() == 3);
  CHECK(recovered(it.records, written.get(), {})->find_session("away") == nullptr);
}

// Whether there was room for a message depends on what the queue held then, not on what it holds
// when it is written.
TEST_CASE("what had no room while its queue was written has none in a recovery", "[broker]") {
  Settings settings;
  SECTION("for its bytes") { settings.queue_bytes_max = 26 * 500; }
  SECTION("for its number") { settings.queue_messages_max = 6; }
  ParkingShard it({}, settings);
  it.queue_for("away", 6, std::string(300, 'x'));
  Connection& client = it.connect("away");
  Connection& publisher = it.connect("publisher");
  // Until its client is refused for it; one that is away is not.
  const auto fill = [&] {
    for (int count = 0; count < 40; ++count) {
      const Connection* now = it.shard->find_session("away")->connection;
      if (now != nullptr && now->state != ConnectionState::open) return;
      it.publish(publisher, "away", std::string(300, 'x'));
    }
  };
  for (int count = 0; count < 20; ++count) it.publish(publisher, "away", std::string(300, 'x'));
  REQUIRE(it.queue_of("away").in_flight() == 20);
  const auto written = std::make_shared<WrittenObjects>();
  it.shard->snapshot().begin(written);
  write_some(it, *written, 1);
  fill();  // it is full, or nearly so
  REQUIRE(client.state == ConnectionState::closing);
  it.shard->release(client);

  for (int round = 0; round < 6; ++round) {
    Connection& again = it.connect("away");
    const std::uint64_t first = it.queue_of("away").begin_position();
    it.acknowledge(again, SendQueue::packet_id(first + 1));
    it.acknowledge(again, SendQueue::packet_id(first));
    it.settle();
    it.lose(again);
    fill();
    if (round < 3) write_some(it, *written, written->pieces() + 1);
  }
  write_rest(it, *written);
  const auto by_records = recovered(it.records, nullptr, settings);
  const auto by_snapshot = recovered(it.records, written.get(), settings);
  check_same(by_records->find_session("away")->send, by_snapshot->find_session("away")->send);
  check_same(by_records->find_session("away")->send, it.queue_of("away"));
}
