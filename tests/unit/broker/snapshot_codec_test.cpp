#include "lib/broker/snapshot_codec.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "lib/broker/routed.h"
#include "lib/mqtt/encode.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

const Now now{MonoTime(Millis(5'000'000)), WallTime(Millis(1'700'000'000'000))};

struct Kept {
  std::uint8_t kind = 0;
  std::string key{};
  std::uint64_t stamp = 0;
  std::string value{};
  friend bool operator==(const Kept&, const Kept&) = default;
};

Kept kept(const SnapshotObject& object) {
  storage::SnapshotSlice slice;
  add_to(slice, object, 77, now);
  storage::BlockSealer sealer{storage::SnapshotHeader{}};
  storage::BlockReader reader{storage::SnapshotHeader{}};
  REQUIRE(reader.read(sealer.seal(slice)) == storage::BlockFault::none);
  storage::SnapshotEntry entry;
  REQUIRE(reader.next(entry));
  REQUIRE(entry.version == snapshot_entry_version);
  return {entry.kind, std::string(as_text(entry.key)), entry.stamp,
          std::string(as_text(entry.value))};
}

Result<SnapshotObject> decoded(const Kept& entry, std::uint8_t version = snapshot_entry_version) {
  return decode({entry.kind, version, as_bytes(entry.key), entry.stamp, as_bytes(entry.value)},
                now);
}

MessageRef message(std::string_view topic, std::string_view payload) {
  mqtt::PropertyWriter properties;
  properties.text(mqtt::PropertyId::content_type, "text/plain");
  return MessageRef::make(topic, properties.view(), as_bytes(payload), mqtt::Qos::exactly_once,
                          true, now.mono + Millis(90'500));
}

QueueImage queue() {
  QueueImage image{.number = 300, .begin = 70};
  const auto add = [&](SendState state) -> Outgoing& {
    image.entries.push_back({.identifier = 9, .qos = mqtt::Qos::exactly_once, .state = state});
    return image.entries.back();
  };
  add(SendState::queued).message = message("a", "one");
  Outgoing& sent = add(SendState::sent);
  sent.message = message("b", "two");
  sent.retain = true;
  sent.extra = std::make_unique<DeliveryExtra>();
  sent.extra->more_identifiers.use() = {1, 268'435'455};
  sent.extra->share = ShareSourceRef({.filter = "$share/g/b"});
  sent.extra->origin = 12;
  add(SendState::released);
  add(SendState::done).cost = 1234;
  add(SendState::retired);
  add(SendState::queued).message = QueuedMessage(storage::BodyPlace(storage::Address{3, 512}));
  add(SendState::queued).message = QueuedMessage(storage::BodyPlace({{3, 1024}, {4, 512}}));
  return image;
}

SessionImage session() {
  const mqtt::SubscribeOptions all{mqtt::Qos::exactly_once, true, true, 0};
  return {.client_id = "me",
          .number = 3,
          .claim = 9,
          .shard = 59,
          .durable = true,
          .is_online = true,
          .expiry_s = UINT32_MAX,
          .expires = now.mono + Millis(10),
          .will_due = now.mono + Millis(20),
          .subscriptions = {{{"a/#", all}, 5}, {{"$share/g/b", {}}, 0}},
          .received = {1, 65'535},
          .last_read = 70'000,
          .reads_owed = {{69'999, "a/#", mqtt::Qos::exactly_once, 5, {"a/1", "a/2"}},
                         {70'000, "b", mqtt::Qos::at_least_once, 0, {}}},
          .queue_begin = 100'000,
          .queue_end = 100'500,
          .dup_until = 100'003,
          .reach = {100'020, 20, 300},
          .will = Will{.message = message("w", "last"), .delay_s = 30, .expiry_s = 60}};
}

std::vector<SnapshotObject> samples() {
  std::vector<SnapshotObject> objects;
  objects.emplace_back(session());
  objects.emplace_back(SessionImage{.client_id = "", .number = 1});
  objects.emplace_back(queue());
  objects.emplace_back(EndedImage{"gone", 6});
  objects.emplace_back(RetainedImage{message("t/1", "kept")});
  objects.emplace_back(WillImage{14, 2, Will{.message = message("w", "")}});
  objects.emplace_back(ShareImage{"$share/g/b", 12, message("b", "two")});
  objects.emplace_back(
      ShareImage{"$share/g/c", 13, QueuedMessage(storage::BodyPlace({{3, 1024}, {4, 512}})), 700});
  objects.emplace_back(ShareImage{
      "$share/g/c", 14, QueuedMessage(storage::BodyPlace(storage::Address{3, 512})), 200});
  objects.emplace_back(FrontImage{8, 15, UINT64_MAX, 3});
  objects.emplace_back(SegmentsImage{{{1, 1}, {7, 900}}});
  objects.emplace_back(ClockImage{{.offset = Millis(-7'200'000), .time = now.wall}});
  return objects;
}

}  // namespace

TEST_CASE("a snapshot entry that is read again is the same entry", "[broker]") {
  for (const SnapshotObject& object : samples()) {
    const Kept entry = kept(object);
    INFO("kind " << static_cast<int>(entry.kind));
    CHECK(entry.stamp == 77);
    const auto again = decoded(entry);
    REQUIRE(again.has_value());
    CHECK(again->index() == object.index());
    CHECK(kept(*again) == entry);
  }
}

TEST_CASE("a session comes back from a snapshot with every field", "[broker]") {
  const auto again = decoded(kept(session()));
  const auto& image = std::get<SessionImage>(*again);
  CHECK(image.client_id == "me");
  CHECK(image.number == 3);
  CHECK(image.claim == 9);
  CHECK(image.shard == 59);
  CHECK(image.durable);
  CHECK(image.is_online);
  CHECK(image.expiry_s == UINT32_MAX);
  CHECK(image.expires == now.mono + Millis(10));
  CHECK(image.will_due == now.mono + Millis(20));
  REQUIRE(image.subscriptions.size() == 2);
  CHECK(image.subscriptions[0].entry.filter == "a/#");
  CHECK(image.subscriptions[0].entry.options ==
        mqtt::SubscribeOptions{mqtt::Qos::exactly_once, true, true, 0});
  CHECK(image.subscriptions[0].identifier == 5);
  CHECK(image.received == std::vector<std::uint16_t>{1, 65'535});
  CHECK(image.last_read == 70'000);
  REQUIRE(image.reads_owed.size() == 2);
  CHECK(image.reads_owed[0].number == 69'999);
  CHECK(image.reads_owed[0].filter == "a/#");
  CHECK(image.reads_owed[0].qos == mqtt::Qos::exactly_once);
  CHECK(image.reads_owed[0].identifier == 5);
  CHECK(image.reads_owed[0].given.size() == 2);
  CHECK(image.reads_owed[1].given.empty());
  CHECK(image.queue_begin == 100'000);
  CHECK(image.queue_end == 100'500);
  CHECK(image.dup_until == 100'003);
  CHECK(image.reach.position == 100'020);
  CHECK(image.reach.window == 20);
  CHECK(image.reach.ahead == 300);
  CHECK(image.will->delay_s == 30);
  CHECK(image.will->message->topic() == "w");
}

TEST_CASE("what was sent is queued in a snapshot, and what is over keeps its place", "[broker]") {
  const auto again = decoded(kept(queue()));
  const auto& entries = std::get<QueueImage>(*again).entries;
  REQUIRE(entries.size() == 7);
  CHECK(entries[0].state == SendState::queued);
  CHECK(as_text(entries[0].message->payload()) == "one");
  CHECK(entries[1].state == SendState::queued);
  CHECK(entries[1].extra->filter() == "$share/g/b");
  CHECK(entries[1].extra->origin == 12);
  CHECK(*entries[1].extra->more_identifiers == std::vector<std::uint32_t>{1, 268'435'455});
  CHECK(entries[2].state == SendState::released);
  CHECK(entries[3].state == SendState::done);
  CHECK(entries[3].cost == 1234);
  CHECK(entries[4].state == SendState::retired);
  CHECK(entries[5].message.place().count() == 1);
  CHECK(entries[5].message.place().at(0) == storage::Address{3, 512});
  CHECK(entries[6].message.place().count() == 2);
  CHECK(entries[6].message.place().at(1) == storage::Address{4, 512});
}

TEST_CASE("what an entry of a queue counts for is of the format, and not a size of memory") {
  mqtt::PropertyWriter properties;
  properties.text(mqtt::PropertyId::content_type, "text");
  const MessageRef message =
      MessageRef::make("a/b", properties.view(), as_bytes(std::string_view("12345")),
                       mqtt::Qos::at_least_once, false, MonoTime::max());
  CHECK(cost_of(message->text_bytes()) == 56 + 3 + 7 + 5);
  CHECK(cost_of(Routed(message).text_bytes()) == 56 + 3 + 7 + 5);
  CHECK(cost_of(UINT32_MAX - 57) == UINT32_MAX - 1);
  CHECK(cost_of(UINT32_MAX) == UINT32_MAX);

  QueueImage queue{.number = 1};
  queue.entries.push_back({.message = message});
  const auto again = decoded(kept(std::move(queue)));
  CHECK(std::get<QueueImage>(*again).entries.at(0).cost == 56 + 3 + 7 + 5);
}

TEST_CASE("a snapshot entry that was cut is refused, or another entry", "[broker]") {
  for (const SnapshotObject& object : samples()) {
    Kept entry = kept(object);
    const std::string value = entry.value;
    for (std::size_t size = 0; size < value.size(); ++size) {
      entry.value = value.substr(0, size);
      const auto again = decoded(entry);
      if (again) CHECK(kept(*again) == entry);
    }
  }
}

TEST_CASE("a queue in a snapshot is as long as one can be", "[broker]") {
  const auto image = [](std::uint64_t begin, std::uint64_t end) {
    SessionImage one{.client_id = "c", .number = 1};
    one.queue_begin = begin;
    one.queue_end = end;
    return decoded(kept(one));
  };
  CHECK(image(7, SendQueue::positions_max).has_value());
  CHECK(image(8, 7).error().code == ErrorCode::corrupt);
  CHECK(image(0, SendQueue::positions_max + 1).error().code == ErrorCode::corrupt);
  CHECK_FALSE(decoded(kept(QueueImage{1, SendQueue::positions_max + 1, {}})).has_value());
}

TEST_CASE("snapshot entries of a newer program are told from damaged ones", "[broker]") {
  Kept entry = kept(EndedImage{"gone", 6});
  CHECK(decoded(entry, 2).error().code == ErrorCode::invalid);
  entry.value += "x";
  CHECK(decoded(entry).error().code == ErrorCode::corrupt);
  entry.kind = 10;
  CHECK(decoded(entry).error().code == ErrorCode::invalid);
  entry.kind = 0;
  CHECK(decoded(entry).error().code == ErrorCode::corrupt);
}
