// What a replay makes of records that a repair has given up.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "lib/broker/replay.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

// The journal of a client that is sent "1" to "5", of which "2" is lost.
struct Damaged {
  Damaged() {
    Shard::Options options{};
    options.sequencer = std::make_unique<MemorySequencer>();
    shard = std::make_unique<Shard>(std::move(options));
    replay.emplace(std::vector<Shard*>{shard.get()});
    ConnectRecord connect{.client_id = "c", .claim = 1};
    connect.durable = true;
    connect.expiry_s = UINT32_MAX;
    connect.window = 20;
    apply(connect);
    subscribe();
    publish("1");
    lose();
    for (const char* text : {"3", "4", "5"}) publish(text);
  }

  void apply(decltype(Record::what) what) {
    Record record{};
    record.number = 1;
    record.position = ++position;
    record.what = std::move(what);
    replay->apply(std::move(record));
  }
  void subscribe() {
    SubscribeRecord record{};
    record.entries.push_back({"t", {.qos = mqtt::Qos::exactly_once}});
    record.refused.push_back(mqtt::Reason::success);
    apply(std::move(record));
  }
  void publish(std::string_view text, mqtt::Qos qos = mqtt::Qos::at_least_once,
               std::uint16_t packet_id = 0) {
    apply(PublishRecord{
        .message = MessageRef::make("t", {}, as_bytes(text), qos, false, MonoTime::max()),
        .packet_id = packet_id});
  }
  void settle(std::uint64_t at) { apply(SettleRecord{Settled::finished, at}); }
  LostRecords lose() {
    ++position;
    const LostRecords lost{position, position + 1};
    replay->pass_over(lost);
    return lost;
  }
  void begin_life(std::vector<LostRecords> without) {
    apply(StartRecord{.queue_bytes_max = 1'000'000, .without = std::move(without)});
  }
  const Session& session() const { return *shard->find_session("c"); }
  // What is still to be sent, in order.
  std::string waiting() const {
    std::string texts;
    const SendQueue& send = session().send;
    for (auto at = send.begin_position(); at < send.end_position(); ++at) {
      if (const MessageRef message = send.at(at).message.at_hand())
        texts += as_text(message->payload());
    }
    return texts;
  }

  std::unique_ptr<Shard> shard{};
  std::optional<Replay> replay{};
  std::uint64_t position = 0;
};

const LostRecords second{4, 5};

}  // namespace

TEST_CASE("an acknowledgement behind lost records settles no other message", "[broker]") {
  Damaged it;
  for (const std::uint64_t at : {0U, 1U, 2U}) it.settle(at);  // of "1", "2" and "3"
  CHECK(it.waiting() == "345");
}

TEST_CASE("who began without the lost records has the positions that replay has", "[broker]") {
  Damaged it;
  it.settle(1);
  it.begin_life({second});
  it.settle(1);
  CHECK(it.waiting() == "145");
  it.settle(3);
  CHECK(it.waiting() == "14");
}

TEST_CASE("positions are sure again when a life has named every loss before it", "[broker]") {
  Damaged it;
  const LostRecords other = it.lose();
  it.publish("6");
  it.begin_life({});
  it.settle(3);
  it.begin_life({second});
  it.settle(3);
  it.begin_life({other});
  it.settle(3);
  CHECK(it.waiting() == "13456");
  it.begin_life({other, second});
  it.settle(3);
  CHECK(it.waiting() == "1346");
  // What is lost later is another matter, and the earlier need not be named again.
  const LostRecords last = it.lose();
  it.publish("7");
  it.settle(5);
  CHECK(it.waiting() == "13467");
  it.begin_life({last});
  it.settle(5);
  CHECK(it.waiting() == "1346");
}

TEST_CASE("a life says what its replay has passed over", "[broker]") {
  struct Keeping final : Sequencer {
    explicit Keeping(std::vector<StartRecord>& kept) : starts(kept) {}
    void propose(Record&& record, Now) override {
      CHECK((starts.size() == 1) == std::holds_alternative<SettleRecord>(record.what));
      if (auto* start = std::get_if<StartRecord>(&record.what)) starts.push_back(*start);
    }
    std::optional<Record> take_committed() override { return {}; }
    std::vector<StartRecord>& starts;
  };
  Damaged it;
  DeliverRecord delivery{};  // of a search that nobody has any more: it is settled at once
  delivery.message = MessageRef::make("r", {}, {}, mqtt::Qos::at_least_once, true, MonoTime::max());
  delivery.qos = mqtt::Qos::at_least_once;
  delivery.owed_read = 1;
  it.apply(std::move(delivery));
  it.apply(ReadDoneRecord{1});
  std::vector<StartRecord> starts;
  it.shard->use(std::make_unique<Keeping>(starts));
  it.replay->finish();
  REQUIRE(starts.size() == 1);
  CHECK(starts[0].without == std::vector<LostRecords>{second});
}

TEST_CASE("what a session may have been sent behind lost records has DUP", "[broker]") {
  Damaged it;
  SECTION("as the end of its connection says") {
    it.apply(DisconnectRecord{.claim = 1, .expiry_s = UINT32_MAX, .sent_until = 3});
    CHECK(it.session().send.was_sent(2));
  }
  SECTION("as its acknowledgements say") {
    for (int count = 0; count < 30; ++count) it.publish("x");
    it.settle(10);  // so the window of 20 began behind it
    it.begin_life({second});
    CHECK(it.session().send.was_sent(30));
    CHECK_FALSE(it.session().send.was_sent(31));
  }
}

TEST_CASE("the end of a search behind lost records ends no other search", "[broker]") {
  Damaged it;
  it.apply(ReadDoneRecord{1});
  CHECK(it.session().reads_owed->empty());
  it.subscribe();
  REQUIRE(it.session().reads_owed->size() == 1);
  it.apply(ReadDoneRecord{2});
  CHECK(it.session().reads_owed->size() == 1);
  it.begin_life({second});
  it.apply(ReadDoneRecord{2});
  CHECK(it.session().reads_owed->empty());
}

TEST_CASE("a client's message is no repetition of one whose end may be lost", "[broker]") {
  Damaged it;
  it.publish("6", mqtt::Qos::exactly_once, 7);
  CHECK(it.session().received.contains(7));
  it.lose();
  CHECK_FALSE(it.session().received.contains(7));
}
