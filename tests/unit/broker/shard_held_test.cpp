// Queues with a message that cannot be read back: their session waits, and nobody else's.
#include "lib/broker/shard_held.h"

#include <catch2/catch.hpp>

#include "tests/unit/broker/parking_shard.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

constexpr std::string_view reason = "a message that waits here cannot be read from the store";
constexpr std::chrono::minutes long_after{1};

// Five messages for an absent client, of which the third is to be tampered with.
struct HeldQueue {
  std::unique_ptr<EventLog> log = *EventLog::open(
      {.types = static_cast<std::uint16_t>(LogType::error), .to_topic = true, .timestamp = false});
  ParkingShard it{{}, {}, log.get()};
  storage::Address third{};

  HeldQueue() {
    for (const char letter : {'a', 'b', 'c', 'd', 'e'})
      it.queue_for("late", 1, std::string(20, letter));
    const SendQueue& queue = it.queue_of("late");
    third = queue.at(queue.begin_position() + 2).message.place().at(0);
  }

  void fail(ErrorCode code, bool may_pass = false) {
    it.records.unread[third] = {{code, "/store/1.journal: offset 700: it is so"}, may_pass};
  }
  void acknowledge(Connection& connection, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const SendQueue& queue = it.queue_of("late");
      it.acknowledge(connection, SendQueue::packet_id(queue.begin_position()));
    }
  }
  std::vector<std::string> take_log() const {
    std::vector<std::string> lines;
    for (auto& line : log->take_topic_lines()) lines.push_back(std::move(line.text));
    return lines;
  }
  std::size_t settled() const {
    std::size_t count = 0;
    for (const Record& record : it.records.committed)
      count += std::holds_alternative<SettleRecord>(record.what) ? 1 : 0;
    return count;
  }
};

bool has_payload(const std::string& output, char letter) {
  return output.find(std::string(20, letter)) != std::string::npos;
}

}  // namespace

TEST_CASE("a client whose next message is damaged is told when it has acknowledged the rest",
          "[broker]") {
  const auto version = GENERATE(mqtt::Version::v5, mqtt::Version::v311);
  HeldQueue held;
  ParkingShard& it = held.it;
  held.fail(ErrorCode::corrupt);
  Connection& late = it.connect("late", version);
  it.settle();
  const std::string before = it.take_output(late);
  CHECK(has_payload(before, 'b'));
  CHECK_FALSE(has_payload(before, 'c'));
  CHECK_FALSE(has_payload(before, 'd'));
  CHECK(late.state == ConnectionState::open);

  held.acknowledge(late, 2);
  CHECK(late.state == ConnectionState::closing);
  it.settle();
  const std::string told = it.take_output(late);
  if (version == mqtt::Version::v5) {
    REQUIRE(told.size() > 3);
    CHECK(told[0] == '\xe0');
    CHECK(told[2] == '\x83');
    CHECK(told.find(reason) != std::string::npos);
  } else {
    CHECK(told.empty());
  }
  it.lose(late);
  CHECK(held.settled() == 2);
  CHECK(it.queue_of("late").size() == 3);
  CHECK(held.take_log() ==
        std::vector<std::string>{"client late is held: /store/1.journal: offset 700: it is so; 3 "
                                 "messages wait for it; mqz broker store repair --accept-loss "
                                 "/store keeps all that can be read"});
}

TEST_CASE("a message that waits for it is the client's again when the disk reads it", "[broker]") {
  const auto code = GENERATE(ErrorCode::io, ErrorCode::unavailable);
  HeldQueue held;
  ParkingShard& it = held.it;
  held.fail(code);
  Connection& late = it.connect("late");
  held.acknowledge(late, 2);
  CHECK(late.state == ConnectionState::closing);
  it.lose(late);
  CHECK(held.take_log() ==
        std::vector<std::string>{"client late is held: /store/1.journal: offset 700: it is so; 3 "
                                 "messages wait for it; tried again when it returns"});
  it.records.unread.clear();
  it.pass(long_after);
  Connection& again = it.connect("late");
  it.settle();
  const std::string rest = it.take_output(again);
  for (const char letter : {'c', 'd', 'e'}) CHECK(has_payload(rest, letter));
  held.acknowledge(again, 3);
  CHECK(it.queue_of("late").empty());
  CHECK(held.settled() == 5);
}

TEST_CASE("a held client that returns again and again costs few reads and lines", "[broker]") {
  HeldQueue held;
  ParkingShard& it = held.it;
  held.fail(ErrorCode::corrupt);
  Connection& late = it.connect("late");
  held.acknowledge(late, 2);
  it.lose(late);
  held.take_log();
  it.records.reads.clear();
  for (int second = 0; second < 60; ++second) {
    for (int time = 0; time < 10; ++time) {
      Connection& again = it.ask_to_connect("late");
      CHECK(again.state == ConnectionState::closing);
      it.lose(again);
    }
    it.pass(Millis(1000));
  }
  CHECK(it.records.reads.size() <= 6);
  CHECK(held.take_log().empty());
  it.pass(std::chrono::minutes(10));
  it.lose(it.ask_to_connect("late"));
  CHECK(held.take_log().size() == 1);
  CHECK(it.queue_of("late").size() == 3);
}

TEST_CASE("others are served while a session is held, and a new cause is told", "[broker]") {
  HeldQueue held;
  ParkingShard& it = held.it;
  it.queue_for("other", 3, "for the other");
  held.fail(ErrorCode::io);
  Connection& late = it.connect("late");
  Connection& other = it.connect("other");
  it.settle();
  CHECK(it.queue_of("other").in_flight() == 3);
  CHECK(late.state == ConnectionState::open);
  CHECK(held.take_log().size() == 1);
  it.records.unread[held.third].error.text = "another";
  it.pass(long_after);
  held.acknowledge(late, 1);
  CHECK(held.take_log().size() == 1);
  CHECK(other.state == ConnectionState::open);
}

TEST_CASE("damage whose loss was accepted is passed over, counted and logged", "[broker]") {
  HeldQueue held;
  ParkingShard& it = held.it;
  held.fail(ErrorCode::corrupt, true);
  Connection& late = it.connect("late");
  it.settle();
  const std::string output = it.take_output(late);
  for (const char letter : {'a', 'b', 'd', 'e'}) CHECK(has_payload(output, letter));
  CHECK(held.take_log() ==
        std::vector<std::string>{"client late: message dropped: it cannot be read: "
                                 "/store/1.journal: offset 700: it is so (1 so far)"});
  CHECK(it.shard->counters().publishes_dropped == 1);
  CHECK(held.settled() == 1);
}

TEST_CASE("the queue of a held session may end with it, and begin anew", "[broker]") {
  HeldQueue held;
  ParkingShard& it = held.it;
  held.fail(ErrorCode::corrupt);
  it.lose(it.connect("late"));
  it.end_session("late");
  REQUIRE(it.shard->find_session("late") == nullptr);
  it.queue_for("late", 3);
  CHECK(it.connect("late").state == ConnectionState::open);
  CHECK(it.queue_of("late").in_flight() == 3);
}
