#include "lib/broker/send_queue.h"

#include <catch2/catch.hpp>
#include <deque>
#include <random>
#include <utility>
#include <vector>

using mqz::broker::Outgoing;
using mqz::broker::SendQueue;
using mqz::broker::SendState;
using mqz::mqtt::Qos;

namespace {

SendQueue queue_of(int count) {
  SendQueue queue;
  for (int index = 0; index < count; ++index) {
    Outgoing outgoing{};
    outgoing.qos = Qos::at_least_once;
    queue.push(std::move(outgoing));
  }
  return queue;
}

// What pump() does; returns how many were sent.
int send(SendQueue& queue) {
  int count = 0;
  for (; const auto position = queue.next(); ++count) queue.mark_sent(*position);
  return count;
}

}  // namespace

TEST_CASE("what was acknowledged in the middle of a queue had made room for more to be sent") {
  SendQueue queue = queue_of(8);
  queue.begin_use(3);
  CHECK(send(queue) == 3);
  for (const std::uint64_t position : {1U, 2U}) {
    queue.finish(position);
    queue.settle(position, 0);
  }
  CHECK(send(queue) == 2);
  queue.interrupt();
  CHECK(queue.was_sent(4));
  CHECK_FALSE(queue.was_sent(5));
}

TEST_CASE("nothing is sent in the place of an acknowledgement that a crash would forget") {
  SendQueue queue = queue_of(8);
  queue.begin_use(4);
  CHECK(send(queue) == 4);
  queue.finish(0);
  CHECK(queue.ask_ahead() == 0);
  CHECK(send(queue) == 0);
  queue.settle(0, 0);
  CHECK(send(queue) == 1);
}

TEST_CASE("who is fast is sent more while acknowledgements are under way to the disk") {
  SendQueue queue = queue_of(8000);
  const auto window = static_cast<std::uint16_t>(GENERATE(1, 2, 4, 20));
  queue.begin_use(window);
  std::uint64_t acknowledged = 0;
  int last = 0;
  for (int round = 0; round < 7; ++round) {
    // All that is sent is acknowledged at once, and only then are the records of that applied.
    std::vector<std::pair<std::uint64_t, std::uint16_t>> records;
    int sent = send(queue);
    for (; queue.in_flight() > 0; sent += send(queue)) {
      queue.finish(acknowledged);
      records.emplace_back(acknowledged++, queue.ask_ahead());
    }
    CHECK(sent >= last);
    last = sent;
    for (const auto& [position, ahead] : records) queue.settle(position, ahead);
  }
  CHECK(last >= 9 * window);

  // At rest it is taken back, little by little.
  for (int count = 2 * last; count > 0; --count, ++acknowledged) {
    send(queue);
    queue.finish(acknowledged);
    queue.settle(acknowledged, queue.ask_ahead());
  }
  CHECK(queue.reach().ahead <= 1);
  CHECK(queue.reach().position <= acknowledged + window + 1);
}

TEST_CASE("what is sent before a crash is within the reach that the applied records give") {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    SendQueue queue = queue_of(60);
    SendQueue again = queue_of(60);  // what the records alone make of it
    const auto window = static_cast<std::uint16_t>(1 + random() % 5);
    queue.begin_use(window);
    again.begin_use(window);
    std::deque<std::pair<std::uint64_t, std::uint16_t>> records;
    for (int step = 0; step < 200; ++step) {
      send(queue);
      const std::uint64_t position = random() % 60;
      if (queue.has(position) && position < queue.sent_until() &&
          queue.at(position).state == SendState::sent) {
        queue.finish(position);
        records.emplace_back(position, queue.ask_ahead());
      } else if (!records.empty()) {
        const auto [settled, ahead] = records.front();
        records.pop_front();
        queue.settle(settled, ahead);
        again.finish(settled);
        again.settle(settled, ahead);
      }
      send(queue);
      REQUIRE(again.reach().position == queue.reach().position);
      REQUIRE(queue.sent_until() <= again.reach().position);
      // And it goes on: what is not sent waits for the client, or for a commit.
      REQUIRE((!queue.waiting() || queue.in_flight() == window || !records.empty()));
    }
  }
}

TEST_CASE("what a connection has sent is known exactly when its end is") {
  SendQueue queue = queue_of(8);
  queue.begin_use(5);
  CHECK(queue.reach().position == 5);
  queue.end_use(2);
  CHECK(queue.was_sent(1));
  CHECK_FALSE(queue.was_sent(2));
  CHECK(queue.reach().position == 2);
  queue.begin_use(1);  // what was sent is sent again first
  CHECK(queue.reach().position == 2);
  queue.interrupt();
  CHECK_FALSE(queue.was_sent(2));
}

TEST_CASE("a queue that comes back from a snapshot has the same reach") {
  SendQueue queue;
  queue.restore(100, 101, {104, 3, 1});
  for (const SendState state : {SendState::queued, SendState::retired, SendState::done,
                                SendState::queued, SendState::queued}) {
    Outgoing outgoing{};
    outgoing.qos = Qos::at_least_once;
    outgoing.state = state;
    queue.push(std::move(outgoing));
  }
  queue.settle(102, 1);  // of 100 and 103, and two more
  CHECK(queue.reach().position == 106);
  queue.interrupt();
  CHECK(queue.was_sent(104));
  CHECK_FALSE(queue.was_sent(105));
}
