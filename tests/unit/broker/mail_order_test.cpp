// Mail of two shards comes in any order: what one of them sends must not take effect before what it
// has had from the other, or from its own clients, before.
#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lib/broker/shard.h"
#include "lib/mqtt/encode.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

constexpr ShardIndex publishers_shard = 2;

MessageRef message(std::string_view payload) {
  return MessageRef::copy_of(
      {.qos = mqtt::Qos::at_least_once, .topic = "t", .packet_id = 1, .payload = as_bytes(payload)},
      MonoTime{});
}

// One of three shards. The others agree to everything, but may be late to know its filters.
struct MiddleShard {
  Shard shard{{.index = 1, .count = 3, .placement = Placement::spread}};
  Connection* connection = nullptr;
  std::vector<std::pair<ShardIndex, std::uint64_t>> unsettled{};

  void answer_mail() {
    auto& boxes = shard.mail();
    for (bool any = true; std::exchange(any, false);) {
      for (ShardIndex to = 0; to < boxes.size(); ++to) {
        for (Mail& mail : std::exchange(boxes[to], {})) {
          any = true;
          if (auto* proposed = std::get_if<ProposeMail>(&mail))
            shard.receive_mail(to, CommittedMail{std::move(proposed->record)});
          if (const auto* settle = std::get_if<SettleMail>(&mail))
            unsettled.emplace_back(to, settle->token);
        }
      }
    }
  }
  void settle() {
    for (const auto& [from, token] : std::exchange(unsettled, {}))
      shard.receive_mail(from, SettledMail{token});
  }

  Connection& connect(const std::string& id) {
    mqtt::PropertyWriter properties;
    properties.number(mqtt::PropertyId::session_expiry_interval, 100);
    std::string bytes;
    mqtt::append(bytes, mqtt::Connect{.client_id = id, .properties = properties.view()});
    shard.receive_mail(front_shard, AdoptMail{.transport = 1, .client_id = id, .input = bytes});
    answer_mail();
    Connection& opened = *shard.find_connection(shard.take_dirty().at(0));
    opened.dirty = false;
    opened.out.clear();
    return opened;
  }
  // At QoS 0: nobody needs to propose messages for it, though the session is durable.
  void subscribe(Connection& subscriber) {
    std::string payload;
    mqtt::append_entry(payload, mqtt::SubscribeEntry{"t", {.retain_handling = 2}});
    std::string bytes;
    mqtt::append(bytes, mqtt::Subscribe{.packet_id = 1, .payload = as_bytes(payload)},
                 mqtt::Version::v5);
    shard.receive(subscriber, as_bytes(bytes));
    answer_mail();
  }
  void add_subscriber() {
    connection = &connect("me");
    subscribe(*connection);
    settle();
    connection->out.clear();
  }

  void commit(std::string_view payload) {
    shard.receive_mail(front_shard, CommittedMail{Record{.shard = publishers_shard,
                                                         .what = PublishRecord{message(payload)}}});
  }
  void route(std::string_view payload, std::uint64_t behind) {
    shard.receive_mail(publishers_shard, RouteMail{message(payload), false, behind});
  }
  // The payloads, each of one character.
  std::string received() {
    std::array<iovec, 8> pieces;
    std::string bytes;
    for (const iovec& piece : std::span(pieces).first(connection->out.pieces(pieces)))
      bytes.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    std::string payloads;
    for (std::size_t end = 7; end <= bytes.size(); end += 7) payloads += bytes[end - 1];
    return payloads;
  }
};

}  // namespace

TEST_CASE("a message waits for what its publisher's shard had applied before it") {
  MiddleShard middle;
  middle.add_subscriber();
  middle.route("2", 1);
  middle.route("3", 1);
  CHECK(middle.received() == "");
  middle.commit("1");
  CHECK(middle.received() == "123");
  middle.route("4", 1);
  CHECK(middle.received() == "1234");
}

TEST_CASE("mail of a sender waits behind its mail that waits, and nobody else's does") {
  MiddleShard middle;
  middle.add_subscriber();
  middle.route("3", 2);
  middle.route("4", 0);
  middle.commit("1");
  CHECK(middle.received() == "1");
  middle.commit("2");
  CHECK(middle.received() == "1234");
}

TEST_CASE("a SUBACK waits while others are told of the same filter of another session") {
  MiddleShard middle;
  Connection& first = middle.connect("first");
  Connection& second = middle.connect("second");
  middle.subscribe(first);
  middle.subscribe(second);
  CHECK(first.out.empty());
  CHECK(second.out.empty());
  middle.settle();
  CHECK_FALSE(first.out.empty());
  CHECK_FALSE(second.out.empty());
}

TEST_CASE("the home searches retained values when it has what every shard published before") {
  Shard front({.count = 3,
               .placement = Placement::spread,
               .sequencer = std::make_unique<MemorySequencer>()});
  front.receive_mail(1, RetainedAskMail{.token = 7, .filter = "t"});
  front.tick();
  const auto asked = std::exchange(front.mail()[publishers_shard], {});
  REQUIRE(asked.size() == 1);
  const std::uint64_t token = std::get<SettleMail>(asked[0]).token;
  const MessageRef value =
      MessageRef::make("t", {}, as_bytes("1"), mqtt::Qos::at_least_once, true, MonoTime::max());
  front.receive_mail(publishers_shard,
                     ProposeMail{Record{.shard = publishers_shard, .what = PublishRecord{value}}});
  front.receive_mail(publishers_shard, SettledMail{token});
  front.receive_mail(1, SettledMail{token});
  front.tick();
  const auto answers = std::exchange(front.mail()[1], {});
  REQUIRE_FALSE(answers.empty());
  CHECK(std::get<RetainedSliceMail>(answers.back()).messages.size() == 1);
}
