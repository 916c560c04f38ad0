// A broker that is killed while it reads retained messages for a durable session owes them.
#include "lib/broker/owed_read.h"

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>

#include "tests/scenario/packet_text.h"
#include "tests/scenario/shards_under_test.h"

using namespace mqz;
using namespace mqz::scenario;

namespace {

constexpr int topics = 6;

// A subscriber that takes whatever comes, and acknowledges it or does not.
class Killed {
 public:
  Killed(World world, std::string qos) : broker_(world), qos_(std::move(qos)) {}

  void send(const std::string& name, const std::string& line) {
    const auto parsed = parse_transcript("# x\n" + name + "> " + line);
    REQUIRE(parsed);
    const auto bytes = encode_packet(parsed->front().steps[0].packet, mqtt::Version::v5, name);
    REQUIRE(bytes);
    broker_.send(name, as_bytes(*bytes));
  }
  void retain(int topic, int value) {
    send("p", fmt::format("PUBLISH topic=t/{} retain qos={} id={} payload={}", topic, qos_,
                          ++packet_id_, value));
    broker_.settle();
  }
  void connect(const std::string& name) {
    broker_.connect(name);
    send(name, "CONNECT durable");
    broker_.settle();
  }
  // Notes the payloads of each topic, once for each packet identifier; how many came.
  int read(bool acknowledges) {
    int came = 0;
    std::string bytes = broker_.take_output_unsettled("s");
    for (;;) {
      const mqtt::FrameResult cut = mqtt::next_frame(as_bytes(bytes));
      if (cut.status != mqtt::FrameStatus::complete) return came;
      const auto packet = describe_packet(cut.frame, mqtt::Version::v5);
      REQUIRE(packet);
      bytes.erase(0, cut.frame.bytes);
      if (packet->name == "CONNACK") {
        const Field* present = packet->find("present");
        has_session_ = present != nullptr && present->value == "1";
      }
      if (packet->name == "PUBREL") send("s", "PUBCOMP id=" + packet->find("id")->value);
      if (packet->name != "PUBLISH") continue;
      ++came;
      const std::string id = packet->find("id")->value;
      taken_[packet->find("topic")->value].insert(packet->find("payload")->value + " as " + id);
      if (acknowledges) send("s", (qos_ == "2" ? "PUBREC id=" : "PUBACK id=") + id);
    }
  }
  // The names of the packets that have come.
  std::vector<std::string> names() {
    std::vector<std::string> names;
    std::string bytes = broker_.take_output("s");
    while (!bytes.empty()) {
      const mqtt::FrameResult cut = mqtt::next_frame(as_bytes(bytes));
      REQUIRE(cut.status == mqtt::FrameStatus::complete);
      names.push_back(describe_packet(cut.frame, mqtt::Version::v5)->name);
      bytes.erase(0, cut.frame.bytes);
    }
    return names;
  }
  void read_all() {
    do broker_.settle();
    while (read(true) > 0);
  }

  ShardsUnderTest& broker() { return broker_; }
  bool has_session() const { return has_session_; }
  std::map<std::string, std::set<std::string>>& taken() { return taken_; }

 private:
  ShardsUnderTest broker_;
  std::string qos_;
  int packet_id_ = 0;
  bool has_session_ = false;
  std::map<std::string, std::set<std::string>> taken_{};  // by topic
};

// Killed after so many commits of the read; false when the read had ended before.
bool check_killed_after(std::size_t commits, World world, const std::string& qos,
                        bool acknowledges) {
  Killed killed(world, qos);
  killed.connect("p");
  killed.connect("s");
  killed.read(false);
  for (int topic = 0; topic < topics; ++topic) killed.retain(topic, 1);
  killed.send("s", "SUBSCRIBE id=1 filter=t/# qos=" + qos);
  const std::size_t before = killed.broker().record_count();
  killed.broker().settle(commits);
  killed.read(acknowledges);
  killed.broker().settle(0);
  killed.broker().crash();
  const bool is_subscribed = killed.broker().record_count() > before;
  killed.connect("p");
  killed.retain(0, 2);
  const bool has_ended = killed.taken().size() == topics;
  killed.connect("s");
  killed.read_all();
  INFO("after " << commits << " commits");
  CHECK(killed.has_session());
  if (!is_subscribed) return true;
  for (int topic = 0; topic < topics; ++topic) {
    const auto& taken = killed.taken()["t/" + std::to_string(topic)];
    CHECK_FALSE(taken.empty());
    if (qos == "2" && topic > 0) CHECK(taken.size() == 1);
  }
  return !has_ended;
}

}  // namespace

TEST_CASE("what a SUBSCRIBE was still being sent comes after a crash at any moment") {
  for (const broker::ShardIndex shards : {broker::ShardIndex{1}, broker::ShardIndex{3}}) {
    for (const std::string qos : {"1", "2"}) {
      for (const bool acknowledges : {false, true}) {
        for (std::uint32_t seed = 1; seed <= 5; ++seed) {
          const World world{.shard_count = shards, .delays = true, .seed = seed};
          std::size_t commits = 0;
          while (check_killed_after(commits, world, qos, acknowledges)) ++commits;
          CHECK(commits > 3);
        }
      }
    }
  }
}

TEST_CASE("an UNSUBSCRIBE ends what its SUBSCRIBE was still being sent") {
  Killed killed({.shard_count = 3, .delays = true}, "1");
  killed.connect("p");
  killed.connect("s");
  for (int topic = 0; topic < topics; ++topic) killed.retain(topic, 1);
  killed.names();
  killed.send("s", "SUBSCRIBE id=1 filter=t/# qos=1");
  killed.send("s", "UNSUBSCRIBE id=2 filter=t/#");
  const auto names = killed.names();
  CHECK(std::ranges::count(names, "UNSUBACK") == 1);
  CHECK(std::ranges::count(names, "PUBLISH") == 0);
}
