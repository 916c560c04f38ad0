#include "lib/broker/record_codec.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "lib/mqtt/encode.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

const Now now{MonoTime(Millis(5'000'000)), WallTime(Millis(1'700'000'000'000))};

MessageRef message(std::string_view topic, std::string_view payload, bool with_more) {
  mqtt::PropertyWriter properties;
  if (with_more) {
    properties.text(mqtt::PropertyId::content_type, "text/plain");
    properties.pair("key", "value");
  }
  return MessageRef::make(topic, properties.view(), as_bytes(payload), mqtt::Qos::exactly_once,
                          with_more, with_more ? now.mono + Millis(90'500) : MonoTime::max());
}

std::vector<Record> samples() {
  Will will{.message = message("w", "last", true), .delay_s = 30, .expiry_s = 60};
  const mqtt::SubscribeOptions all{mqtt::Qos::exactly_once, true, true, 2};
  std::vector<Record> records;
  const auto add = [&](auto what) { records.push_back({.number = 300, .what = std::move(what)}); };
  add(PublishRecord{.message = message("a/b", std::string(300, 'x'), true), .packet_id = 65'535});
  add(PublishRecord{.message = message("t", "", false), .will_claim = UINT64_MAX});
  add(DeliverRecord{.message = message("a", "p", true),
                    .qos = mqtt::Qos::at_least_once,
                    .retain = true,
                    .identifier = 268'435'455});
  add(DeliverRecord{.message = message("a", "p", false), .filter = "$share/g/a", .origin = 77});
  add(GroupTakenRecord{"$share/g/a/#", 1});
  add(ConnectRecord{
      .client_id = "me", .claim = 9, .shard = 59, .clean_start = true, .window = 20, .will = will});
  add(ConnectRecord{.client_id = "", .claim = 1, .durable = true, .expiry_s = UINT32_MAX});
  add(DisconnectRecord{
      .claim = 3, .will_wanted = false, .expiry_s = 7, .time = now.wall, .sent_until = 99});
  add(SubscribeRecord{
      .identifier = 5,
      .entries = {{"a/#", all}, {"refused", {}}, {"b", {}}},
      .refused = {mqtt::Reason::success, mqtt::Reason::quota_exceeded, mqtt::Reason::success}});
  add(UnsubscribeRecord{.filters = {"a/#", "+"},
                        .refused = {mqtt::Reason::success, mqtt::Reason::success}});
  add(SettleRecord{Settled::finished, 1'000'000, 65'535});
  add(SettleRecord{Settled::released, 1'000'000});
  add(SettleRecord{Settled::returned, 1'000'000, 1});
  add(ReleaseRecord{12});
  add(RepeatRecord{13});
  add(WillRecord{14});
  add(EndRecord{15});
  add(StartRecord{.time = now.wall, .queue_bytes_max = UINT64_MAX, .queue_messages_max = 3});
  add(ClockRecord{.offset = Millis(-7'200'000), .time = now.wall});
  add(ClockRecord{.offset = Millis(INT64_MIN)});
  add(ClockRecord{.offset = Millis(INT64_MAX)});
  add(MovedRecord{message("a", "p", true),
                  {{.number = 4, .position = UINT64_MAX}, {.number = 5, .position = 0}}});
  add(DeliverRecord{.message = message("a", "p", true),
                    .qos = mqtt::Qos::exactly_once,
                    .retain = true,
                    .owed_read = 70'000});
  add(ReadDoneRecord{UINT32_MAX});
  records.insert(records.begin() + 18,
                 {.number = 300,
                  .what = StartRecord{.time = now.wall,
                                      .queue_bytes_max = 1,
                                      .without = {{5, 6}, {UINT64_MAX - 1, UINT64_MAX}}}});
  return records;
}

std::string encoded(const Record& record) {
  std::string body(encoded_size(record, now), '?');
  encode(record, now, reinterpret_cast<std::byte*>(body.data()));
  return body;
}

Result<Record> decoded(RecordType type, std::string_view body) {
  return decode(static_cast<std::uint16_t>(type), record_version, as_bytes(body), now);
}

}  // namespace

TEST_CASE("a record that is read again is the same record", "[broker]") {
  for (const Record& record : samples()) {
    const std::string body = encoded(record);
    const auto again = decoded(type_of(record), body);
    INFO("type " << static_cast<int>(type_of(record)));
    REQUIRE(again.has_value());
    CHECK(type_of(*again) == type_of(record));
    CHECK(again->number == 300);
    CHECK(encoded(*again) == body);
  }
}

TEST_CASE("every field of a record comes back", "[broker]") {
  const auto records = samples();
  const auto publish = decoded(RecordType::publish, encoded(records[0]));
  const auto& what = std::get<PublishRecord>(publish->what);
  CHECK(what.message->topic() == "a/b");
  CHECK(as_text(what.message->payload()) == std::string(300, 'x'));
  CHECK(what.message->qos() == mqtt::Qos::exactly_once);
  CHECK(what.message->retain());
  CHECK(what.message->expires() == now.mono + Millis(90'500));
  CHECK(what.message->properties().text(mqtt::PropertyId::content_type) == "text/plain");
  CHECK(what.packet_id == 65'535);

  const auto connect = decoded(RecordType::connect, encoded(records[5]));
  const auto& begun = std::get<ConnectRecord>(connect->what);
  CHECK(begun.client_id == "me");
  CHECK(begun.claim == 9);
  CHECK(begun.shard == 59);
  CHECK(begun.clean_start);
  CHECK_FALSE(begun.durable);
  CHECK(begun.window == 20);
  CHECK(begun.will->delay_s == 30);
  CHECK(begun.will->expiry_s == 60);
  CHECK(as_text(begun.will->message->payload()) == "last");

  const auto gone = decoded(RecordType::disconnect, encoded(records[7]));
  CHECK(std::get<DisconnectRecord>(gone->what).sent_until == 99);
  const auto settled = decoded(RecordType::settle, encoded(records[10]));
  CHECK(std::get<SettleRecord>(settled->what).ahead == 65'535);

  const auto start = decoded(RecordType::start, encoded(records[18]));
  CHECK(std::get<StartRecord>(start->what).without ==
        std::vector<LostRecords>{{5, 6}, {UINT64_MAX - 1, UINT64_MAX}});

  // What was refused is not kept.
  const auto subscribe = decoded(RecordType::subscribe, encoded(records[8]));
  const auto& entries = std::get<SubscribeRecord>(subscribe->what).entries;
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].filter == "a/#");
  CHECK(entries[0].options == mqtt::SubscribeOptions{mqtt::Qos::exactly_once, true, true, 2});
  CHECK(entries[1].filter == "b");

  const auto found = decoded(RecordType::deliver, encoded(records[records.size() - 2]));
  CHECK(std::get<DeliverRecord>(found->what).owed_read == 70'000);
  const auto moved = decoded(RecordType::moved, encoded(records[records.size() - 3]));
  const auto& places = std::get<MovedRecord>(moved->what).places;
  REQUIRE(places.size() == 2);
  CHECK(places[0].number == 4);
  CHECK(places[0].position == UINT64_MAX);
  CHECK(places[1].number == 5);
  const auto done = decoded(RecordType::read_done, encoded(records.back()));
  CHECK(std::get<ReadDoneRecord>(done->what).number == UINT32_MAX);
}

TEST_CASE("a deadline stays where it is on the wall while the machine restarts", "[broker]") {
  const Record record = samples()[0];
  const std::string body = encoded(record);
  const Now later{MonoTime(Millis(10)), now.wall + std::chrono::seconds(60)};
  const auto again = decode(1, record_version, as_bytes(body), later);
  const auto expires = std::get<PublishRecord>(again->what).message->expires();
  CHECK(expires == later.mono + Millis(30'500));
}

TEST_CASE("a clock is its offset, with the sign in the lowest bit, and its time", "[broker]") {
  const Record ahead{.what = ClockRecord{.offset = Millis(7'200'000), .time = WallTime(Millis(5))}};
  CHECK(encoded(ahead) == std::string("\x00\x80\xf4\xee\x06\x05", 6));
  const Record behind{.what = ClockRecord{.offset = Millis(-1), .time = WallTime(Millis(300))}};
  CHECK(encoded(behind) == std::string("\x00\x01\xac\x02", 4));
  for (const std::int64_t offset : {INT64_MIN, INT64_MAX, std::int64_t{-7'200'000}}) {
    const auto again =
        decoded(RecordType::clock, encoded({.what = ClockRecord{.offset = Millis(offset)}}));
    CHECK(std::get<ClockRecord>(again->what).offset == Millis(offset));
  }
}

TEST_CASE("a body that was cut, or is longer, is none of its type", "[broker]") {
  for (const Record& record : samples()) {
    const std::string body = encoded(record);
    const bool has_open_end = type_of(record) == RecordType::publish ||
                              type_of(record) == RecordType::deliver ||
                              type_of(record) == RecordType::moved ||
                              (type_of(record) == RecordType::connect &&
                               std::get<ConnectRecord>(record.what).will.has_value());
    INFO("type " << static_cast<int>(type_of(record)));
    for (std::size_t size = 0; size < body.size(); ++size) {
      const auto again = decoded(type_of(record), std::string_view(body).substr(0, size));
      if (again) CHECK(encoded(*again) == body.substr(0, size));
    }
    if (!has_open_end) CHECK_FALSE(decoded(type_of(record), body + '\xFF').has_value());
  }
}

TEST_CASE("records of a newer program are told from damaged ones", "[broker]") {
  const std::string body = encoded(samples()[0]);
  CHECK(decode(1, 2, as_bytes(body), now).error().code == ErrorCode::invalid);
  CHECK(decode(17, 1, as_bytes(body), now).error().code == ErrorCode::invalid);
  CHECK(decode(0, 1, as_bytes(body), now).error().code == ErrorCode::corrupt);
  CHECK(decode(1, 1, {}, now).error().code == ErrorCode::corrupt);
  CHECK(decode(13, 1, as_bytes(body), now).error().code == ErrorCode::corrupt);
}
