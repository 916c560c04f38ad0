// Sends what waits in the queues of sessions, with a bound for every turn: entries may need no
// answer (they have expired, or are too large for the client), and a whole queue of such ones would
// be read back from the journal while nobody else is served.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "lib/base/slots.h"
#include "lib/broker/shard_held.h"
#include "lib/broker/turn_limits.h"

namespace mqz::broker {

class Shard;
struct Connection;
struct Outgoing;
class MessageRef;
struct Session;
struct Unread;

class ShardSending {
 public:
  // Part of the shard, and used by it.
  ShardSending(Shard& shard, const SendLimits& limits)
      : shard_(shard), limits_(limits), left_(limits.a_turn), held_(shard) {}

  // As far as the window, the outbox and the turn allow; the next turns go on with it.
  void pump(Session& session);
  // The entry that the queue has next. False when the journal does not give the message back: it
  // stays the next.
  bool send_next(Session& session, Connection& connection, std::uint64_t position);

  // The session ends.
  void forget(Session& session) { held_.release(session); }

  bool has_work() const { return !waiting_.empty(); }
  // Once a turn: sessions that did not come to an end, one after the other.
  void step();

 private:
  bool take_from(SendShare& share, const Outgoing& outgoing);
  void give_up(Session& session, std::uint64_t position);
  bool pass_unread(Session& session, std::uint64_t position, const Unread& unread);
  void send_message(Session& session, Connection& connection, std::uint64_t position,
                    const MessageRef& block);

  Shard& shard_;
  SendLimits limits_;
  SendShare left_;                // of this turn
  std::deque<SlotId> waiting_{};  // sessions with Session::sends_later
  HeldSessions held_;
};

}  // namespace mqz::broker
