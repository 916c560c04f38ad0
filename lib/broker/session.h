// A session: what the broker remembers of one client id. It lives on one shard at a time; while
// the client is connected it points at its connection, which lives on the same shard.
//
// A durable session outlives its connection (Session Expiry Interval > 0; Clean Session 0 before
// version 5). Its state changes only when a committed record is applied. A session that ends with
// its connection is changed at once and costs the sequencer nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/seldom.h"
#include "lib/base/slots.h"
#include "lib/base/time.h"
#include "lib/broker/filter_tree.h"
#include "lib/broker/message.h"
#include "lib/broker/owed_read.h"
#include "lib/broker/packet_id_set.h"
#include "lib/broker/record.h"
#include "lib/broker/send_queue.h"

namespace mqz::broker {

struct Connection;

// Where one of the session's subscriptions stands in the shard's table.
struct SubscriptionPlace {
  NodeId node{};
  std::uint32_t index{};  // in the node's list
};

// A membership in a shared group; the group itself lives on its home shard.
struct SharedMembership {
  std::string filter{};  // whole: "$share/<group>/<filter>"
  mqtt::SubscribeOptions options{};
  std::uint32_t identifier = 0;
};

struct Session {
  SlotId id{};
  std::string client_id{};
  std::uint64_t claim = 0;  // the directory's number of this use of the client id
  Connection* connection = nullptr;

  // The same in every life of the broker: the claim of the CONNECT that began the session.
  std::uint64_t number = 0;

  bool durable = false;
  // Its CONNECT was a record, and so is its end: it is durable, or has a will.
  bool recorded = false;
  // By the records, which come later than the connection itself.
  bool is_online = false;
  bool took_shares : 1 = false;         // a shared group has given it something
  bool sends_later : 1 = false;         // see ShardSending
  bool is_unreadable : 1 = false;       // see HeldSessions
  std::uint32_t expiry_s = 0;           // UINT32_MAX: never
  MonoTime expires = MonoTime::max();   // while absent
  MonoTime will_due = MonoTime::max();  // while absent and a delayed will waits
  std::unique_ptr<Will> will{};

  std::vector<SubscriptionPlace> subscriptions{};
  Seldom<std::vector<SharedMembership>> shared{};
  SendQueue send{};
  PacketIdSet received{};  // QoS 2 identifiers of the client, PUBLISH to PUBREL

  // Scratch of the message being matched: which match, and where in its list of receivers.
  std::uint64_t match_stamp = 0;
  std::uint32_t match_index = 0;

  std::uint32_t open_reads = 0;        // retained messages that SUBSCRIBEs of it still wait for
  std::uint32_t last_read = 0;         // numbers of the following
  std::uint32_t dropped_messages = 0;  // no more than it can hold
  Seldom<std::list<OwedRead>> reads_owed{};  // they end about in their order

  // A CONNECT takes effect. A session that was durable is fed by records to its end, though it may
  // now end with this connection.
  void begin_use(const ConnectRecord& record) {
    claim = record.claim;
    durable |= record.durable;
    recorded |= record.durable || record.will.has_value();
    is_online = true;
    durable ? send.begin_use(record.window) : send.set_window(record.window);
    expiry_s = record.expiry_s;
    expires = MonoTime::max();
    will_due = MonoTime::max();
    will = record.will ? std::make_unique<Will>(*record.will) : nullptr;
  }

  bool has_shared(std::string_view filter) const {
    return std::ranges::any_of(*shared,
                               [&](const SharedMembership& one) { return one.filter == filter; });
  }
};

}  // namespace mqz::broker
