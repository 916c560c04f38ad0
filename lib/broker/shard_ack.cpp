// PUBACK, PUBREC, PUBREL and PUBCOMP, in both directions (3.4 to 3.7, 4.3).
#include "lib/base/rules.h"
#include "lib/broker/shard.h"
#include "lib/broker/shard_restore.h"
#include "lib/broker/shard_snapshot.h"

namespace mqz::broker {

using mqtt::Ack;
using mqtt::PacketType;
using mqtt::Qos;
using mqtt::Reason;

void Shard::write_ack(Connection& connection, PacketType type, std::uint16_t packet_id,
                      Reason reason) {
  if (reason != Reason::success && connection.version == mqtt::Version::v5) {
    return write(connection, Ack{.type = type, .packet_id = packet_id, .reason = reason});
  }
  const unsigned flags = type == PacketType::pubrel ? 2U : 0U;
  std::byte* out = connection.out.reserve(4);
  out[0] = static_cast<std::byte>((static_cast<unsigned>(type) << 4U) | flags);
  out[1] = std::byte{2};
  store_u16(out + 2, packet_id);
  touch(connection);
}

// The client is done with a message. Nothing waits for this record.
void Shard::acknowledged(Session& session, std::uint64_t position) {
  done_with(session, position, Settled::finished);
  sending_.pump(session);
}

void Shard::on_puback(Connection& connection, const Ack& ack) {
  Session& session = *connection.session;
  const auto position = session.send.find(ack.packet_id);
  if (!position) return;  // nothing of that name is in flight; nothing follows from it
  if (session.send.at(*position).qos != Qos::at_least_once)
    return refuse(connection, Reason::protocol_error);
  acknowledged(session, *position);
}

void Shard::on_pubrec(Connection& connection, const Ack& ack) {
  Session& session = *connection.session;
  const auto position = session.send.find(ack.packet_id);
  if (!position) {
    // A PUBREL lets the client finish what we no longer know.
    if (mqtt::is_failure(ack.reason)) return;
    return write_ack(connection, PacketType::pubrel, ack.packet_id,
                     Reason::packet_identifier_not_found);
  }
  if (session.send.at(*position).qos != Qos::exactly_once)
    return refuse(connection, Reason::protocol_error);
  if (mqtt::is_failure(ack.reason)) return acknowledged(session, *position);
  if (session.send.at(*position).state != SendState::released) {
    // Once the PUBREL is out the client forgets the message: that must outlast the broker.
    if (session.durable) {
      return propose({.session = session.id, .what = SettleRecord{Settled::released, *position}});
    }
    session.send.mark_released(*position);
  }
  if (!MQZ_RULE(pubrel)) return;
  write_ack(connection, PacketType::pubrel, ack.packet_id, Reason::success);
}

void Shard::apply_settle(Session& session, Connection* connection, const SettleRecord& record) {
  SendQueue& send = session.send;
  if (restored_ != nullptr && !restored_->is_sure(session, record.position)) {
    // It may come again.
    if (record.what != Settled::released) send.settle_elsewhere(record.position, record.ahead);
    return;
  }
  if (!send.has(record.position)) return;
  snapshot_->note_settling(session, record.position);
  const SendState state = send.at(record.position).state;
  // Of what a repair could not keep nothing else is known.
  if (state == SendState::retired && is_replaying_) return;
  if (record.what != Settled::released) {
    if (state < SendState::done) return resettle(session, record);
    send.settle(record.position, record.ahead);
    if (session.connection == nullptr && send.empty()) send.shrink();
    // Its identifier may be what the next message waited for.
    return sending_.pump(session);
  }
  if (state >= SendState::done) return;
  if (state != SendState::released) send.mark_released(record.position);
  if (connection == nullptr || connection->session != &session) return;
  write_ack(*connection, PacketType::pubrel, SendQueue::packet_id(record.position),
            Reason::success);
}

void Shard::on_pubcomp(Connection& connection, const Ack& ack) {
  Session& session = *connection.session;
  const auto position = session.send.find(ack.packet_id);
  if (!position) return;
  if (session.send.at(*position).state != SendState::released)
    return refuse(connection, Reason::protocol_error);
  acknowledged(session, *position);
}

void Shard::on_pubrel(Connection& connection, const Ack& ack) {
  Session& session = *connection.session;
  if (session.durable) {
    return propose(
        {.connection = connection.id, .session = session.id, .what = ReleaseRecord{ack.packet_id}});
  }
  complete_release(connection, ack.packet_id);
}

void Shard::complete_release(Connection& connection, std::uint16_t packet_id) {
  const bool known = connection.session->received.erase(packet_id);
  if (known && connection.received_unanswered > 0) --connection.received_unanswered;
  if (!MQZ_RULE(pubcomp)) return;
  write_ack(connection, PacketType::pubcomp, packet_id,
            known ? Reason::success : Reason::packet_identifier_not_found);
}

}  // namespace mqz::broker
