#include "commands/store_records.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "lib/broker/record_codec.h"
#include "lib/mqtt/encode.h"

using namespace mqz;
using namespace mqz::broker;
using namespace mqz::commands;

namespace {

const Now now{MonoTime(Millis(5'000'000)), WallTime(Millis(1'700'000'000'000))};

std::string line_of(const Record& record, RecordForm form, const SessionLedger& ledger = {}) {
  std::string text;
  const auto type = static_cast<std::uint16_t>(type_of(record));
  append_record(text, {7, {type, 1, true}, 10, nullptr, &record}, ledger, now, form);
  return text;
}

Record publish_record(std::string_view payload) {
  mqtt::PropertyWriter properties;
  properties.pair("key", "value");
  return {.number = 3,
          .what = PublishRecord{
              .message = MessageRef::make("a b", properties.view(), as_bytes(payload),
                                          mqtt::Qos::at_least_once, true, now.mono + Millis(1500)),
              .packet_id = 9}};
}

}  // namespace

TEST_CASE("a dumped publish is one JSON object, with its payload as sub has it", "[store]") {
  SessionLedger ledger;
  ledger.note({.what = ConnectRecord{.client_id = "me", .claim = 3, .durable = true}});
  const std::string line =
      line_of(publish_record(std::string("\xff\0", 2)), RecordForm::json, ledger);
  CHECK(line.ends_with("}\n"));
  const auto json = nlohmann::json::parse(line);
  CHECK(json["position"] == 7);
  CHECK(json["type"] == "publish");
  CHECK(json["session"] == 3);
  CHECK(json["client"] == "me");
  CHECK(json["topic"] == "a b");
  CHECK(json["mid"] == 9);
  CHECK(json["encoding"] == "base64");
  CHECK(json["payload"] == "/wA=");
  CHECK(json["properties"]["user-properties"]["key"] == "value");
  CHECK(json["expires"].get<std::string>().find(":21.500") != std::string::npos);
}

TEST_CASE("a dumped publish is one readable line, and a long payload is cut between characters",
          "[store]") {
  const std::string line = line_of(publish_record("hello"), RecordForm::text);
  CHECK(line.starts_with("7 publish session=3 expires="));
  CHECK(line.ends_with("topic=\"a b\" qos=1 retain mid=9 payloadlen=5 payload=hello\n"));
  const std::string cut =
      line_of(publish_record(std::string(59, 'x') + "\xc3\xa4 and more"), RecordForm::text);
  CHECK(cut.ends_with("payload=" + std::string(59, 'x') + "...\n"));
}

TEST_CASE("every type of record has a name and a line in both forms", "[store]") {
  const auto message =
      MessageRef::make("t", {}, {}, mqtt::Qos::at_most_once, false, MonoTime::max());
  const std::vector<Record> records{
      {.what = PublishRecord{.message = message}},
      {.what = DeliverRecord{.message = message, .filter = "$share/g/t"}},
      {.what = GroupTakenRecord{"$share/g/t", 1}},
      {.what = ConnectRecord{.client_id = "c", .will = Will{.message = message}}},
      {.what = DisconnectRecord{.time = now.wall}},
      {.what = SubscribeRecord{.entries = {{"t", {}}}, .refused = {mqtt::Reason::success}}},
      {.what = UnsubscribeRecord{.filters = {"t"}, .refused = {mqtt::Reason::success}}},
      {.what = SettleRecord{Settled::released, 4}},
      {.what = ReleaseRecord{1}},
      {.what = RepeatRecord{1}},
      {.what = WillRecord{1}},
      {.what = EndRecord{1}},
      {.what = StartRecord{.time = now.wall}},
      {.what = ReadDoneRecord{1}},
      {.what = MovedRecord{message, {{.number = 1, .position = 2}}}},
      {.what = ClockRecord{.offset = Millis(-7'200'000), .time = now.wall}}};
  for (const Record& record : records) {
    const auto type = static_cast<std::uint16_t>(type_of(record));
    const std::string name(record_name(type));
    CAPTURE(type, name);
    CHECK_FALSE(name.empty());
    const auto json = nlohmann::json::parse(line_of(record, RecordForm::json), nullptr, false);
    REQUIRE(json.is_object());
    CHECK(json["type"] == name);
    CHECK(line_of(record, RecordForm::text).starts_with("7 " + name));
  }
  CHECK(records.size() == std::variant_size_v<decltype(Record::what)>);
  CHECK(record_name(static_cast<std::uint16_t>(records.size() + 1)).empty());
}

TEST_CASE("times are shown by the system's clock, wherever the broker's was", "[store]") {
  SessionLedger ledger;
  const Record clock{.what = ClockRecord{.offset = Millis(-7'200'000), .time = now.wall}};
  std::string text;
  append_record(text, {7, {16, 1, true}, 10, nullptr, &clock}, ledger, now, RecordForm::text);
  CHECK(text == "7 clock system_ahead=\"-7200000 ms\" time=2023-11-14T20:13:20.000000Z\n");
  ledger.note(clock);
  text.clear();
  const Record start{.what = StartRecord{.time = now.wall}};
  append_record(text, {8, {13, 1, true}, 10, nullptr, &start}, ledger, now, RecordForm::text);
  CHECK(text.starts_with("8 start time=2023-11-14T20:13:20.000000Z "));
  ledger.note(SnapshotObject(ClockImage{{.offset = Millis(0)}}), 9);
  text.clear();
  append_record(text, {8, {13, 1, true}, 10, nullptr, &start}, ledger, now, RecordForm::text);
  CHECK(text.starts_with("8 start time=2023-11-14T22:13:20.000000Z "));
}

TEST_CASE("what does not read, and what is not there, has a line of its own", "[store]") {
  std::string text;
  const Error error{ErrorCode::invalid, "a record of type 99 version 2"};
  append_record(text, {7, {99, 2, true}, 10, &error, nullptr}, {}, now, RecordForm::text);
  append_lost(text, 8, 10, false, RecordForm::text);
  append_lost(text, 10, 11, true, RecordForm::json);
  const storage::SnapshotEntry entry{1, 2, as_bytes("k"), 5, as_bytes("\xff")};
  append_object(text, {entry, &error, nullptr}, {}, now, RecordForm::text);
  CHECK(text ==
        "7 unknown record_type=99 version=2 bytes=10 error=\"a record of type 99 version 2\"\n"
        "8 unreadable to=9\n"
        "{\"position\":10,\"type\":\"given_up\",\"to\":10}\n"
        "5 snapshot_session kind=1 version=2 key=k bytes=1 "
        "error=\"a record of type 99 version 2\"\n");
}

TEST_CASE("every object of a snapshot has a line in both forms, a queue one per entry", "[store]") {
  const auto message =
      MessageRef::make("t", {}, as_bytes("x"), mqtt::Qos::at_least_once, false, MonoTime::max());
  QueueImage queue{.number = 3};
  queue.entries.push_back({.message = message, .qos = mqtt::Qos::at_least_once});
  queue.entries.push_back({.state = SendState::done});
  std::vector<SnapshotObject> objects;
  objects.emplace_back(SessionImage{
      .client_id = "me", .number = 3, .subscriptions = {{{"t", {}}, 4}}, .will = Will{message}});
  objects.emplace_back(std::move(queue));
  objects.emplace_back(EndedImage{"gone", 2});
  objects.emplace_back(RetainedImage{message});
  objects.emplace_back(WillImage{.claim = 5, .will = {message}});
  objects.emplace_back(ShareImage{"$share/g/t", 6, message});
  objects.emplace_back(FrontImage{.replay_from = 7});
  objects.emplace_back(SegmentsImage{{{4, 12}}});
  objects.emplace_back(ClockImage{{.offset = Millis(5), .time = now.wall}});
  SessionLedger ledger;
  for (std::size_t kind = 1; kind <= objects.size(); ++kind) {
    const storage::SnapshotEntry entry{static_cast<std::uint8_t>(kind), 1, {}, 9, {}};
    std::string text;
    append_object(text, {entry, nullptr, &objects[kind - 1]}, ledger, now, RecordForm::json);
    ledger.note(objects[kind - 1], entry.stamp);
    const auto json = nlohmann::json::parse(text.substr(0, text.find('\n')), nullptr, false);
    REQUIRE(json.is_object());
    CHECK(json["position"] == 9);
    CHECK(json["type"].get<std::string>().starts_with("snapshot_"));
    if (kind != 2) continue;
    CHECK(json["client"] == "me");
    CHECK(json["payload"] == "x");
    text.clear();
    append_object(text, {entry, nullptr, &objects[1]}, ledger, now, RecordForm::text);
    CHECK(text.ends_with("9 snapshot_queued session=3 client=me state=done\n"));
  }
  CHECK(objects.size() == std::variant_size_v<SnapshotObject>);
}
