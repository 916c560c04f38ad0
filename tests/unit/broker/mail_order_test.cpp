// Mail of two shards comes in any order. A message that a third shard sends at once must not pass
// one of the same publisher that has had its place before and comes from the front.
#include <array>
#include <catch2/catch.hpp>
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

// One of three shards; the others agree to everything at once.
struct MiddleShard {
  Shard shard{{.index = 1, .count = 3, .placement = Placement::spread}};
  Connection* connection = nullptr;

  void answer_mail() {
    auto& boxes = shard.mail();
    for (bool any = true; std::exchange(any, false);) {
      for (ShardIndex to = 0; to < boxes.size(); ++to) {
        for (Mail& mail : std::exchange(boxes[to], {})) {
          any = true;
          if (auto* proposed = std::get_if<ProposeMail>(&mail))
            shard.receive_mail(to, CommittedMail{std::move(proposed->record)});
          if (const auto* settle = std::get_if<SettleMail>(&mail))
            shard.receive_mail(to, SettledMail{settle->token});
        }
      }
    }
  }

  // Durable, with a subscription of QoS 0: nobody needs to propose messages for it.
  void add_client() {
    mqtt::PropertyWriter properties;
    properties.number(mqtt::PropertyId::session_expiry_interval, 100);
    std::string bytes;
    mqtt::append(bytes, mqtt::Connect{.client_id = "me", .properties = properties.view()});
    shard.receive_mail(front_shard, AdoptMail{.transport = 1, .client_id = "me", .input = bytes});
    answer_mail();
    connection = shard.find_connection(shard.take_dirty().at(0));
    REQUIRE(connection != nullptr);
    std::string payload;
    mqtt::append_entry(payload, mqtt::SubscribeEntry{"t", {}});
    bytes.clear();
    mqtt::append(bytes, mqtt::Subscribe{.packet_id = 1, .payload = as_bytes(payload)},
                 mqtt::Version::v5);
    shard.receive(*connection, as_bytes(bytes));
    answer_mail();
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
  middle.add_client();
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
  middle.add_client();
  middle.route("3", 2);
  middle.route("4", 0);
  middle.commit("1");
  CHECK(middle.received() == "1");
  middle.commit("2");
  CHECK(middle.received() == "1234");
}
