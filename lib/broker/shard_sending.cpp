#include "lib/broker/shard_sending.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/rules.h"
#include "lib/broker/shard.h"

namespace mqz::broker {

using mqtt::Qos;

// False when the share is spent. What is read back last may be more than what is left.
bool ShardSending::take_from(SendShare& share, const Outgoing& outgoing) {
  if (share.entries == 0 || share.bytes == 0) return false;
  --share.entries;
  if (outgoing.message.is_parked())
    share.bytes -= std::min<std::size_t>(share.bytes, outgoing.cost);
  return true;
}

void ShardSending::pump(Session& session) {
  const Connection* connection = session.connection;
  if (session.sends_later || connection == nullptr || connection->state != ConnectionState::open)
    return;
  SendShare at_once = limits_.at_once;
  while (connection->out.bytes() < shard_.settings_.outgoing_bytes_max) {
    const auto position = session.send.next();
    if (!position) break;
    const Outgoing& outgoing = session.send.at(*position);
    if (!take_from(at_once, outgoing) || !take_from(left_, outgoing)) {
      session.sends_later = true;
      return waiting_.push_back(session.id);
    }
    if (!send_next(session, *session.connection, *position)) break;
  }
  if (session.send.empty()) session.send.shrink();
}

// What input asks for behind this has a share of its own: or a long queue would stop all others.
void ShardSending::step() {
  left_ = limits_.a_turn;
  while (!waiting_.empty() && left_.entries != 0 && left_.bytes != 0) {
    Session* session = shard_.sessions_.find(waiting_.front());
    waiting_.pop_front();
    if (session == nullptr) continue;
    session->sends_later = false;
    pump(*session);
  }
  left_ = limits_.a_turn;
}

// The next entry needs no answer: it is not sent, or was at QoS 0.
void ShardSending::give_up(Session& session, std::uint64_t position) {
  shard_.done_with(session, position, Settled::finished);
  if (session.send.has(position)) session.send.pass(position);
}

bool ShardSending::send_next(Session& session, Connection& connection, std::uint64_t position) {
  Outgoing& outgoing = session.send.at(position);
  if (outgoing.state >= SendState::done) return session.send.pass(position), true;
  if (outgoing.state == SendState::released) {  // after a resume [MQTT-4.4.0-1]
    session.send.mark_sent(position);
    shard_.write_ack(connection, mqtt::PacketType::pubrel, SendQueue::packet_id(position),
                     mqtt::Reason::success);
    return true;
  }
  if (session.is_unreadable && held_.rests(session, position)) return false;
  const ReadMessage read = shard_.message_of(outgoing.message, outgoing.cost);
  if (!read) return pass_unread(session, position, read.error());
  if (session.is_unreadable) held_.release(session);
  send_message(session, connection, position, *read);
  return true;
}

// False when it is not: the session is held.
bool ShardSending::pass_unread(Session& session, std::uint64_t position, const Unread& unread) {
  if (!unread.may_pass && MQZ_RULE(unread_holds)) {
    held_.hold(session, position, unread.error, unread.is_damage());
    return false;
  }
  shard_.count_drop(session, fmt::format("it cannot be read: {}", unread.error.text),
                    LogType::error);
  give_up(session, position);
  return true;
}

void ShardSending::send_message(Session& session, Connection& connection, std::uint64_t position,
                                const MessageRef& block) {
  const Outgoing& outgoing = session.send.at(position);
  const bool repeats = session.send.was_sent(position);
  if (MQZ_RULE(message_expiry) && !repeats && block->has_expired(shard_.now_.mono)) {
    shard_.count_drop(session, "expired while it waited");
    return give_up(session, position);
  }
  std::vector<std::uint32_t> identifiers;
  if (outgoing.identifier != 0) identifiers.push_back(outgoing.identifier);
  if (outgoing.extra) {
    const auto& more = *outgoing.extra->more_identifiers;
    identifiers.insert(identifiers.end(), more.begin(), more.end());
  }
  Routed message(block);
  const PublishForm packet{.qos = outgoing.qos,
                           .retain = outgoing.retain,
                           .dup = MQZ_RULE(dup) && repeats && outgoing.qos != Qos::at_most_once,
                           .packet_id = SendQueue::packet_id(position),
                           .identifiers = identifiers};
  if (!write_publish(connection, message, packet, shard_.now_.mono)) {
    shard_.count_drop(session, "larger than the client accepts");
    return give_up(session, position);
  }
  ++shard_.counters_.publishes_sent;
  shard_.touch(connection);
  if (outgoing.qos == Qos::at_most_once) return give_up(session, position);
  const bool keep = session.durable || (outgoing.extra && outgoing.extra->group().is_valid());
  if (!keep) session.send.forget_message(position);
  session.send.mark_sent(position);
}

}  // namespace mqz::broker
