// What shards tell each other. Mail between two shards arrives in the order it was sent, in
// batches.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "lib/broker/counters.h"
#include "lib/broker/queued_message.h"
#include "lib/broker/record.h"

namespace mqz::broker {

// To the shard where a client's session lives: its socket, and what it has sent so far.
struct AdoptMail {
  int transport = -1;
  std::uint16_t listener = 0;  // index of the one it came in by
  std::string client_id{};     // as claimed; the CONNECT's may be empty
  std::uint64_t claim = 0;     // which use of the client id this is: later ones have larger numbers
  std::string input{};         // begins with the CONNECT
};
// To the front: a session has ended. Void unless its claim is still the newest.
struct SessionEndMail {
  std::string client_id{};
  std::uint64_t claim = 0;
};

// A shard has no part in anything until it is given its first connection. The front then tells the
// active ones, which tell the newcomer what they want and answer with SettledMail; then it tells
// the newcomer who is active.
struct ActivateMail {
  ShardIndex shard = 0;
  std::uint64_t token = 0;
};
struct ActiveMail {
  std::uint64_t shards = 0;  // bits
  std::uint64_t places = 0;  // messages that have had theirs
};

// To a shard that may have receivers which are fed at once.
struct RouteMail {
  MessageRef message{};
  bool has_place = false;    // it comes again as a record; who is durable is fed then
  std::uint64_t behind = 0;  // places the sender has applied, if what they hold must come first
};

// To every other shard: filters that the sender now wants, or no longer. `settle` is answered.
struct InterestMail {
  std::string filter{};
  bool add = true;
  bool durable = false;
};
struct SettleMail {  // answered by SettledMail once everything before it has taken effect
  std::uint64_t token = 0;
  bool is_deep = false;  // and once everybody else knows what the receiver has told them about it
};
struct SettledMail {
  std::uint64_t token = 0;
};

// To the home of retained messages, and back. The home sends slices; each but the last is asked
// for.
struct RetainedAskMail {
  std::uint64_t token = 0;
  std::string filter{};  // empty: the next slice of what was asked under this token
};
struct RetainedSliceMail {
  std::uint64_t token = 0;
  std::vector<MessageRef> messages{};
  bool last = false;
};
struct RetainedDropMail {  // the asker is gone
  std::uint64_t token = 0;
};

// Shared groups live at their home; members join from anywhere.
struct GroupMember {
  ShardIndex shard = 0;
  SlotId session{};
  friend bool operator==(const GroupMember&, const GroupMember&) = default;
};
struct GroupJoinMail {
  GroupMember member{};
  std::string filter{};  // whole
  mqtt::Qos qos{};
  std::uint32_t identifier = 0;
  bool retain_as_published = false;
  bool durable = false;
  std::uint64_t position = 0;  // of a durable session: what it had applied
};
struct GroupLeaveMail {  // void when it has joined again since
  GroupMember member{};
  std::string filter{};
  std::uint64_t position = 0;  // as above
};
// A member's client has come or gone, its session stays.
struct GroupPresenceMail {
  GroupMember member{};
  std::string filter{};
  bool present = false;
};
struct GroupDeliverMail {
  SlotId session{};
  SlotId group{};
  MessageRef message{};
  mqtt::Qos qos{};
  bool retain = false;
  std::uint32_t identifier = 0;
  std::string filter{};  // of the group, when the delivery has to be recorded
  std::uint64_t origin = 0;
};
// The member could not take them, or left before it acknowledged: another one's turn.
struct ReturnedShare {
  QueuedMessage message{};
  std::uint32_t cost = 0;    // see Outgoing
  std::uint64_t origin = 0;  // where the message has its place; 0: nowhere
};
struct GroupReturnMail {
  SlotId group{};
  GroupMember not_to{};
  std::vector<ReturnedShare> shares{};  // in order
};

// The front asks every active shard what it counts, for $SYS.
struct CountersAskMail {
  std::uint64_t round = 0;
};
struct CountersMail {
  std::uint64_t round = 0;
  Counters counters{};
};

struct ProposeMail {
  Record record{};
};
struct CommittedMail {
  Record record{};
};

// A snapshot begins: what the shard has applied reaches to this position. It is answered when all
// that the shard has is written.
class SnapshotTarget;
struct SnapshotMail {
  std::shared_ptr<SnapshotTarget> target{};
  std::uint64_t position = 0;
};
struct SnapshotDoneMail {};

// Of these segments of the journal nothing is to be needed any more.
struct MoveMail {
  std::vector<std::uint32_t> segments{};
};

using Mail = std::variant<AdoptMail, SessionEndMail, ActivateMail, ActiveMail, RouteMail,
                          InterestMail, SettleMail, SettledMail, RetainedAskMail, RetainedSliceMail,
                          RetainedDropMail, GroupJoinMail, GroupLeaveMail, GroupPresenceMail,
                          GroupDeliverMail, GroupReturnMail, CountersAskMail, CountersMail,
                          ProposeMail, CommittedMail, SnapshotMail, SnapshotDoneMail, MoveMail>;

// About what it keeps in memory; of messages, not of what is rare.
inline std::size_t mail_bytes(const Mail& mail) {
  std::size_t bytes = sizeof(Mail);
  const auto add = [&](const MessageRef& message) {
    if (message) bytes += message->bytes();
  };
  if (const auto* route = std::get_if<RouteMail>(&mail)) add(route->message);
  if (const auto* share = std::get_if<GroupDeliverMail>(&mail)) add(share->message);
  const Record* record = nullptr;
  if (const auto* proposed = std::get_if<ProposeMail>(&mail)) record = &proposed->record;
  if (const auto* committed = std::get_if<CommittedMail>(&mail)) record = &committed->record;
  if (record == nullptr) return bytes;
  if (const auto* publish = std::get_if<PublishRecord>(&record->what)) add(publish->message);
  return bytes;
}

}  // namespace mqz::broker
