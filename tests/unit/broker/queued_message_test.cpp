#include "lib/broker/queued_message.h"

#include <catch2/catch.hpp>

#include "lib/broker/send_queue.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

MessageRef message(std::string_view payload) {
  return MessageRef::make("a", {}, as_bytes(payload), mqtt::Qos::at_least_once, false,
                          MonoTime::max());
}

constexpr storage::Address far{(std::uint32_t{1} << 31U) - 1, UINT32_MAX};

}  // namespace

TEST_CASE("a queued message is at hand, or a place in the journal, in one word", "[broker]") {
  STATIC_REQUIRE(sizeof(QueuedMessage) == sizeof(std::uint64_t));
  CHECK_FALSE(QueuedMessage());
  CHECK_FALSE(QueuedMessage(MessageRef()));

  const MessageRef original = message("payload");
  const QueuedMessage here(original);
  CHECK(here);
  CHECK_FALSE(here.is_parked());
  CHECK(here.at_hand() == original);

  for (const storage::Address address : {storage::Address{1, 0}, storage::Address{7, 512}, far}) {
    const QueuedMessage parked(address);
    CHECK(parked);
    CHECK(parked.is_parked());
    CHECK(parked.place().count() == 1);
    CHECK(parked.place().at(0) == address);
    CHECK_FALSE(parked.at_hand());
  }
  CHECK_FALSE(storage::BodyPlace(storage::Address{}));
  CHECK_FALSE(storage::BodyPlace(storage::Address{std::uint32_t{1} << 31U, 0}));
}

TEST_CASE("a record in parts has a place, too, in the same word", "[broker]") {
  const std::vector<storage::Address> parts{{7, 512}, {7, 300'000}, far, {9, 512}};
  QueuedMessage first{storage::BodyPlace(parts)};
  QueuedMessage second(first);
  first = QueuedMessage(message("other"));
  CHECK(second.is_parked());
  const storage::BodyPlace place = second.place();
  second = QueuedMessage();
  REQUIRE(place.count() == parts.size());
  for (std::size_t index = 0; index < parts.size(); ++index) CHECK(place.at(index) == parts[index]);
  CHECK(place.any_of([](storage::Address address) { return address.segment == 9; }));
  CHECK_FALSE(place.any_of([](storage::Address address) { return address.segment == 8; }));
  CHECK_FALSE(storage::BodyPlace(std::vector<storage::Address>{{1, 512}, {}}));
  CHECK(storage::BodyPlace(storage::Address{7, 511}) < place);
}

TEST_CASE("copies of a queued message share its block, and the last one frees it", "[broker]") {
  QueuedMessage first(message("shared"));
  QueuedMessage second(first);
  CHECK(second.at_hand() == first.at_hand());
  first = QueuedMessage(storage::Address{1, 512});
  CHECK(as_text(second->payload()) == "shared");
  first = second;
  second = QueuedMessage();
  CHECK(as_text(first->payload()) == "shared");
  const QueuedMessage moved(std::move(first));
  CHECK(as_text(moved->payload()) == "shared");
}

TEST_CASE("a parked entry of a queue can be found elsewhere", "[broker]") {
  SendQueue queue;
  const auto push = [&](QueuedMessage one) {
    queue.push({.message = std::move(one), .cost = 100, .qos = mqtt::Qos::at_least_once});
    return queue.end_position() - 1;
  };
  const std::uint64_t here = push(message("one"));
  const std::uint64_t parked = push(QueuedMessage(storage::Address{1, 512}));
  CHECK(queue.bytes() == 200);

  queue.move(here, QueuedMessage(storage::Address{2, 512}));  // is not parked
  CHECK(queue.at(here).message.at_hand());
  queue.move(parked, QueuedMessage(storage::Address{2, 512}));
  CHECK(queue.at(parked).message.place() == storage::BodyPlace(storage::Address{2, 512}));
  queue.move(parked, QueuedMessage(message("two")));
  CHECK(as_text(queue.at(parked).message->payload()) == "two");

  queue.mark_sent(here);
  queue.finish(here);
  queue.retire(here);
  CHECK(queue.bytes() == 100);
  queue.move(here, QueuedMessage(storage::Address{2, 512}));  // of long ago
}
