// A message to one session: written at once, queued, or dropped at a limit (4.3, 4.9).
#include "lib/base/rules.h"
#include "lib/broker/shard.h"

namespace mqz::broker {

using mqtt::Qos;

namespace {

// May an entry leave its message in the journal?
bool is_parked(const Session& session, const DeliveryForm& form) {
  constexpr std::size_t at_hand_max = 256U << 10U;
  if (!session.durable || form.place == nullptr || !*form.place) return false;
  return session.connection == nullptr || session.send.bytes() >= at_hand_max;
}

}  // namespace

// Every drop is counted; the first of a session is logged, and then each tenfold.
void Shard::count_drop(Session& session, std::string_view why, LogType type) {
  if (is_replaying_) return;
  if (session.dropped_messages != UINT32_MAX) ++session.dropped_messages;
  ++counters_.publishes_dropped;
  std::uint64_t round = session.dropped_messages;
  while (round % 10 == 0) round /= 10;
  if (round == 1) log_drop(session, why, type);
}

void Shard::deliver(Session& session, Routed& message, const DeliveryForm& form) {
  if (form.qos == Qos::at_most_once) return deliver_qos0(session, message, form);
  if (session.durable) return deliver_kept(session, message, form);
  Connection* connection = session.connection;
  const bool may_send = connection != nullptr && session.send.is_open() &&
                        connection->out.bytes() < settings_.outgoing_bytes_max;
  if (!may_send) {
    if (make_room(session, message)) return enqueue(session, message, form);
    return share_taken(form.filter, form.origin, form.qos);
  }
  // The usual case: nothing waits. A session that never sends it again need not keep it.
  const std::uint64_t position = session.send.end_position();
  const PublishForm packet{.qos = form.qos,
                           .retain = form.retain,
                           .packet_id = SendQueue::packet_id(position),
                           .identifiers = form.identifiers};
  if (!write_publish(*connection, message, packet, now_.mono)) {
    count_drop(session, "larger than the client accepts");
    return share_taken(form.filter, form.origin, form.qos);
  }
  ++counters_.publishes_sent;
  touch(*connection);
  if (form.group.is_valid()) {
    enqueue(session, message, form);
  } else {
    session.send.push({.qos = form.qos});
  }
  session.send.mark_sent(position);
}

// A committed record gives a durable session something. Whether there is room, and the place in the
// queue, follow from records alone: so they are the same again after a restart.
void Shard::deliver_kept(Session& session, Routed& message, const DeliveryForm& form) {
  if (!make_room(session, message)) return;
  const bool is_next = session.send.is_open();
  enqueue(session, message, form);
  const std::uint64_t position = session.send.end_position() - 1;
  if (!form.is_due) {
    done_with(session, position, Settled::finished);
    if (is_next) session.send.pass(position);
    return;
  }
  Connection* connection = session.connection;
  if (connection == nullptr || connection->state != ConnectionState::open || !is_next ||
      connection->out.bytes() >= settings_.outgoing_bytes_max)
    return;
  sending_.send_next(session, *connection, position);
}

// Nothing more is to be sent of an entry. A durable session's counts until the record is applied.
void Shard::done_with(Session& session, std::uint64_t position, Settled how) {
  const Outgoing& outgoing = session.send.at(position);
  if (!session.durable && how == Settled::finished && outgoing.extra)
    share_taken(outgoing.extra->filter(), outgoing.extra->origin, outgoing.qos);
  if (session.durable && how == Settled::returned) {
    session.send.give_back(position);
  } else {
    session.send.finish(position);
  }
  if (session.durable) {
    propose({.session = session.id, .what = SettleRecord{how, position, session.send.ask_ahead()}});
  } else {
    session.send.retire(position);
  }
}

// A member of a group whose session ends with its connection has a message for good, or nobody gets
// it. At QoS 2 its DeliverRecord has said so.
void Shard::share_taken(std::string_view filter, std::uint64_t origin, Qos qos) {
  if (origin == 0 || filter.empty() || qos == Qos::exactly_once) return;
  propose({.what = GroupTakenRecord{std::string(filter), origin}});
}

void Shard::deliver_qos0(Session& session, Routed& message, const DeliveryForm& form) {
  Connection* connection = session.connection;
  if (connection == nullptr) {
    if (!settings_.queue_qos0 || !session.durable) return;
    return propose({.session = session.id,
                    .what = DeliverRecord{
                        .message = message.block(),
                        .qos = form.qos,
                        .retain = form.retain,
                        .identifier = form.identifiers.empty() ? 0 : form.identifiers.front()}});
  }
  // Behind what is queued at QoS 0 from the time without a connection.
  if (connection->out.bytes() >= settings_.outgoing_bytes_max) {
    return count_drop(session, "the client does not read fast enough");
  }
  const PublishForm packet{.retain = form.retain, .identifiers = form.identifiers};
  if (!write_publish(*connection, message, packet, now_.mono)) {
    return count_drop(session, "larger than the client accepts");
  }
  ++counters_.publishes_sent;
  touch(*connection);
}

// Is there room in the session's queue? If not, a client that is connected and does not keep up is
// disconnected; for an absent one this message is dropped, and counted.
bool Shard::make_room(Session& session, Routed& message) {
  const std::size_t bytes = cost_of(message.text_bytes());
  const std::size_t waiting = session.durable ? session.send.size() : session.send.waiting();
  const std::size_t window = session.durable ? session.send.window() : 0;
  const bool fits = session.send.bytes() + bytes <= queue_bytes_max_ &&
                    (queue_messages_max_ == 0 || waiting < queue_messages_max_ + window);
  if (fits) return true;
  count_drop(session, "its queue is full");
  if (session.connection != nullptr)
    condemned_.push_back({session.connection->id, mqtt::Reason::quota_exceeded});
  return false;
}

void Shard::enqueue(Session& session, Routed& message, const DeliveryForm& form) {
  Outgoing outgoing{.message = is_parked(session, form) ? QueuedMessage(*form.place)
                                                        : QueuedMessage(message.block()),
                    .cost = cost_of(message.text_bytes()),
                    .qos = form.qos,
                    .retain = form.retain};
  if (!form.identifiers.empty()) outgoing.identifier = form.identifiers[0];
  if (form.identifiers.size() > 1 || form.group.is_valid()) {
    outgoing.extra = std::make_unique<DeliveryExtra>();
    if (form.group.is_valid()) {
      outgoing.extra->share = share_sources_.find(form.group, form.filter);
      outgoing.extra->origin = form.origin;
      session.took_shares = true;
    }
    if (form.identifiers.size() > 1) {
      outgoing.extra->more_identifiers.use().assign(form.identifiers.begin() + 1,
                                                    form.identifiers.end());
    }
  }
  session.send.push(std::move(outgoing));
}

ReadMessage Shard::message_of(const QueuedMessage& message, std::uint32_t cost) {
  if (!message.is_parked()) return message.at_hand();
  return parked_->read(message.place(), cost, now_);
}

}  // namespace mqz::broker
