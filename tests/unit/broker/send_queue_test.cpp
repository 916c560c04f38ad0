#include "lib/broker/send_queue.h"

#include <catch2/catch.hpp>

using mqz::broker::Outgoing;
using mqz::broker::SendQueue;
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

void acknowledge(SendQueue& queue, std::uint64_t position) {
  queue.finish(position);
  queue.retire(position);
}

}  // namespace

TEST_CASE("what was acknowledged in the middle of a queue had made room for more to be sent") {
  SendQueue queue = queue_of(8);
  const std::uint64_t first = queue.begin_position();
  acknowledge(queue, first + 1);
  acknowledge(queue, first + 2);
  queue.interrupt(3);
  CHECK(queue.was_sent(first + 4));
  CHECK_FALSE(queue.was_sent(first + 5));
}

TEST_CASE("all of a queue may have been sent when acknowledgements of it may be lost") {
  SendQueue queue = queue_of(8);
  queue.interrupt();
  CHECK(queue.was_sent(queue.end_position() - 1));
  CHECK_FALSE(queue.was_sent(queue.end_position()));
}
