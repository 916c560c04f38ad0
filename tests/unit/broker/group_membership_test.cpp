// Who is in a shared group follows from records where they are about durable sessions: what is
// given between a record and the mail about it has to be the same in a replay.
#include <catch2/catch.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "lib/broker/shard.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

constexpr ShardIndex members_shard = 1;
constexpr const char* filter = "$share/g/t";
constexpr SlotId passing{7, 1};
constexpr SlotId durable{8, 1};

Record record_of_durable(SubscribeRecord subscribe) {
  return {.shard = members_shard, .session = durable, .number = 3, .what = std::move(subscribe)};
}

SubscribeRecord subscribing() {
  SubscribeRecord record;
  record.entries.push_back({filter, {.qos = mqtt::Qos::at_least_once}});
  record.refused.push_back(mqtt::Reason::success);
  return record;
}

struct Front {
  Shard shard{{.count = 2,
               .placement = Placement::spread,
               .sequencer = std::make_unique<MemorySequencer>()}};

  void commit(Record record) { shard.receive_mail(members_shard, ProposeMail{std::move(record)}); }
  void publish() {
    const MessageRef message =
        MessageRef::make("t", {}, as_bytes("1"), mqtt::Qos::at_least_once, false, MonoTime::max());
    commit({.shard = members_shard, .what = PublishRecord{message}});
  }
  void join_passing() {
    shard.receive_mail(members_shard, GroupJoinMail{.member = {members_shard, passing},
                                                    .filter = filter,
                                                    .qos = mqtt::Qos::at_least_once});
  }
  std::vector<GroupDeliverMail> take_given() {
    std::vector<GroupDeliverMail> given;
    for (Mail& mail : std::exchange(shard.mail()[members_shard], {})) {
      if (auto* share = std::get_if<GroupDeliverMail>(&mail)) given.push_back(std::move(*share));
    }
    return given;
  }
};

}  // namespace

TEST_CASE("a share is recorded from the record on by which a durable member joins") {
  Front front;
  front.join_passing();
  front.publish();
  front.commit(record_of_durable(subscribing()));
  front.publish();
  front.publish();
  const auto given = front.take_given();
  REQUIRE(given.size() == 3);
  CHECK(given[0].filter == "");
  CHECK(given[1].session == durable);
  CHECK(given[1].filter == filter);
  CHECK(given[2].session == passing);
  CHECK(given[2].filter == filter);
}

TEST_CASE("what a durable member left does not end what it joined after that") {
  Front front;
  front.commit(record_of_durable(subscribing()));
  const std::uint64_t left = front.shard.applied() + 1;
  front.commit(
      {.shard = members_shard,
       .session = durable,
       .number = 3,
       .what = UnsubscribeRecord{.filters = {filter}, .refused = {mqtt::Reason::success}}});
  front.commit(record_of_durable(subscribing()));
  front.shard.receive_mail(members_shard, GroupLeaveMail{{members_shard, durable}, filter, left});
  front.publish();
  CHECK(front.take_given().size() == 1);
}

TEST_CASE("a session that ended before its subscription had its place leaves the group again") {
  Shard shard({.index = members_shard, .count = 2, .placement = Placement::spread});
  Record late = record_of_durable(subscribing());
  late.position = 9;
  shard.receive_mail(front_shard, CommittedMail{std::move(late)});
  REQUIRE(shard.mail()[front_shard].size() == 1);
  const auto* left = std::get_if<GroupLeaveMail>(&shard.mail()[front_shard][0]);
  REQUIRE(left != nullptr);
  CHECK(left->member == GroupMember{members_shard, durable});
  CHECK(left->position == 9);
}
