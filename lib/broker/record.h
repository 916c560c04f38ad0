// What happens to durable state, as values: proposed by a shard, given its place by the sequencer,
// and applied in that order. Between the proposal and its application nothing has happened yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lib/base/slots.h"
#include "lib/base/time.h"
#include "lib/broker/message.h"
#include "lib/mqtt/packets.h"
#include "lib/storage/body_place.h"

namespace mqz::broker {

using ShardIndex = std::uint16_t;

// A PUBLISH that is retained, or that a durable session may want, or whose QoS 2 identifier must
// survive.
struct PublishRecord {
  MessageRef message{};
  std::uint16_t packet_id = 0;   // 0: nobody waits for an answer
  bool matched_live = false;     // for the reason code of the answer; not kept
  std::uint64_t will_claim = 0;  // the will of that use of a client id; 0: no will
};

// A message for one session: a retained value that a durable one wants, or a share of a group's.
struct DeliverRecord {
  MessageRef message{};
  mqtt::Qos qos{};
  bool retain = false;
  std::uint32_t identifier = 0;
  SlotId group{};
  std::uint64_t read = 0;       // of retained messages, that found it; 0: none
  std::uint32_t owed_read = 0;  // the same by its number in the session, which is kept
  std::string filter{};         // of the group, whole; empty: none
  std::uint64_t origin = 0;     // where the message that the group shares has its place
};

// A member of a group whose session ends with its connection has taken a message for good.
struct GroupTakenRecord {
  std::string filter{};
  std::uint64_t origin = 0;
};

// A will as the client left it: neither delay nor expiry has begun to run.
struct Will {
  MessageRef message{};
  std::uint32_t delay_s = 0;
  std::optional<std::uint32_t> expiry_s{};
};

// CONNECT of a durable session, or one that discards a durable session.
struct ConnectRecord {
  std::string client_id{};
  std::uint64_t claim = 0;
  ShardIndex shard = 0;  // where the session is
  bool clean_start = false;
  bool durable = false;
  std::uint32_t expiry_s = 0;
  std::uint16_t window = 0;  // so many QoS 1 and 2 messages may be in flight to the client
  std::optional<Will> will{};
};

// The connection of a durable session has ended.
struct DisconnectRecord {
  std::uint64_t claim = 0;  // void when the client has been back
  bool will_wanted = true;
  std::uint32_t expiry_s = 0;  // as last told by the client
  WallTime time{};
  std::uint64_t sent_until = 0;  // positions of its queue below were sent, perhaps much earlier
};

struct OwnedEntry {
  std::string filter{};
  mqtt::SubscribeOptions options{};
};

struct SubscribeRecord {
  std::uint16_t packet_id = 0;
  std::uint32_t identifier = 0;
  std::vector<OwnedEntry> entries{};    // every entry of the packet
  std::vector<mqtt::Reason> refused{};  // per entry: success, or why it is refused
};

// All retained messages of one of the session's subscriptions have their places: see OwedRead.
struct ReadDoneRecord {
  std::uint32_t number = 0;
};

struct UnsubscribeRecord {
  std::uint16_t packet_id = 0;
  std::vector<std::string> filters{};
  std::vector<mqtt::Reason> refused{};
};

enum class Settled : std::uint8_t {
  finished,  // PUBACK, PUBCOMP, a failing PUBREC; or it is not to be sent: expired, too large
  released,  // PUBREC; the PUBREL waits for this record
  returned,  // it was a group's, and goes back there
};

// A durable session is done with an entry of its queue.
struct SettleRecord {
  Settled what{};
  std::uint64_t position = 0;
  std::uint16_t ahead = 0;  // from here on, see SendQueue::Reach; not of `released`
};

// PUBREL of a durable publisher, or a repeated QoS 2 PUBLISH: the answer waits for its place.
struct ReleaseRecord {
  std::uint16_t packet_id = 0;
};
struct RepeatRecord {
  std::uint16_t packet_id = 0;
};

struct WillRecord {
  std::uint64_t claim = 0;  // void when the client has been back
};
struct EndRecord {
  std::uint64_t claim = 0;
};

// Positions of records that a repair has given up, from `first` to before `end`.
struct LostRecords {
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  friend bool operator==(const LostRecords&, const LostRecords&) = default;
};

// A broker begins: clients of an earlier one have lost their connections.
struct StartRecord {
  WallTime time{};
  std::uint64_t queue_bytes_max = 0;  // in force from here on
  std::uint64_t queue_messages_max = 0;
  std::vector<LostRecords> without{};  // those that its replay has met: its state lacks them
};

struct QueuePlace {
  SlotId session{};
  std::uint64_t number = 0;  // of the session
  std::uint64_t position = 0;
};

// A message that queues have only in the journal has been written again, nearer to its end.
struct MovedRecord {
  MessageRef message{};
  std::vector<QueuePlace> places{};
};

// The system's wall clock was found elsewhere than the broker's clock has it: see BrokerClock.
struct ClockRecord {
  Millis offset{};  // of the system's from the broker's; either sign
  WallTime time{};  // the broker's; it has come so far
};

struct Record {
  // Who proposed it, for whom. Records without a session (shard-wide effects) go to every shard.
  ShardIndex shard = 0;
  SlotId connection{};
  SlotId session{};
  std::uint64_t number = 0;    // of the session, the same in every life of the broker; 0: none
  std::uint64_t position = 0;  // its place, from 1 on; given by the sequencer
  storage::BodyPlace place{};  // where it can be read back from; nowhere if it is not kept
  std::variant<PublishRecord, DeliverRecord, GroupTakenRecord, ConnectRecord, DisconnectRecord,
               SubscribeRecord, UnsubscribeRecord, SettleRecord, ReleaseRecord, RepeatRecord,
               WillRecord, EndRecord, StartRecord, ReadDoneRecord, MovedRecord, ClockRecord>
      what{};

  bool is_for_all() const {
    return std::holds_alternative<PublishRecord>(what) || std::holds_alternative<StartRecord>(what);
  }
};

}  // namespace mqz::broker
