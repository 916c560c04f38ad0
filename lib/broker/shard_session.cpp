// Sessions: how they begin, go on without their client, and end; wills; the timers of both
// (3.1.2.4, 3.1.2.5, 3.1.2.10, 4.1).
#include <algorithm>

#include "lib/base/rules.h"
#include "lib/broker/shard.h"
#include "lib/broker/shard_restore.h"
#include "lib/broker/shard_snapshot.h"

namespace mqz::broker {

Session& Shard::make_session(const ConnectRecord& record) {
  Session& session = sessions_.insert(std::make_unique<Session>());
  session.client_id = record.client_id;
  session.number = record.claim;
  client_sessions_.insert(session);
  return session;
}

void Shard::tell_directory(const Session& session) {
  SessionEndMail mail{session.client_id, session.claim};
  if (is_front()) {
    directory_.end(mail);
  } else {
    send_mail(front_shard, std::move(mail));
  }
}

void Shard::arm_keep_alive(Connection& connection) {
  if (connection.keep_alive_s == 0) {
    connection.deadline = MonoTime::max();
    return;
  }
  connection.deadline = now_.mono + Millis(1500) * connection.keep_alive_s;
  timers_.add({connection.deadline, connection.id, TimerKind::connection});
}

// A packet does not move the timer; when it is due, it is moved to where the last packet puts it.
void Shard::on_connection_timer(const Timer& timer) {
  Connection* connection = connections_.find(timer.object);
  if (connection == nullptr || connection->deadline != timer.due) return;
  if (connection->state == ConnectionState::fresh) return close(*connection);
  if (connection->state == ConnectionState::closing) return lost(*connection);
  if (connection->state != ConnectionState::open) return;
  if (connection->is_held) connection->last_packet = now_.mono;
  const Millis silence(MQZ_RULE(keep_alive) ? 1500 : 2000);
  const MonoTime due = connection->last_packet + silence * connection->keep_alive_s;
  if (due > now_.mono) {
    connection->deadline = due;
    timers_.add({due, connection->id, TimerKind::connection});
    return;
  }
  refuse(*connection, mqtt::Reason::keep_alive_timeout);  // [MQTT-3.1.2-22]
}

// A new connection of a client whose session is here: what it has not acknowledged is sent again
// (4.4).
void Shard::resume(Session& session) {
  if (MQZ_RULE(resend)) session.send.rewind();
  tell_presence(session, true);
  sending_.pump(session);
}

void Shard::detach(Connection& connection) {
  Session* session = std::exchange(connection.session, nullptr);
  if (session == nullptr || session->connection != &connection) return;
  session->connection = nullptr;
  DisconnectRecord record{.claim = session->claim,
                          .will_wanted = MQZ_RULE(will_after_loss) && connection.will_wanted,
                          .expiry_s = connection.expiry_on_disconnect_s.value_or(session->expiry_s),
                          .time = now_.wall,
                          .sent_until = session->durable ? session->send.sent_until() : 0};
  if (session->recorded) {
    // A broker that stops leaves its clients' sessions as a crash would: its next life knows.
    if (is_draining_) return;
    propose({.session = session->id, .what = record});
  } else {
    disconnected(*session, record);
  }
}

// The client has gone; its session waits for it, or ends.
void Shard::disconnected(Session& session, const DisconnectRecord& record) {
  session.expiry_s = record.expiry_s;
  session.is_online = false;
  const bool is_sure = restored_ == nullptr || restored_->is_sure(session, record.sent_until);
  if (session.durable) {
    is_sure ? session.send.end_use(record.sent_until)
            : session.send.end_use_elsewhere(record.sent_until);
  }
  if (MQZ_RULE(will_withdrawn) && !record.will_wanted) session.will.reset();
  tell_presence(session, false);
  if (session.expiry_s == 0) return end_session(session);
  const MonoTime since = is_replaying_ ? mono_of(record.time) : now_.mono;
  if (MQZ_RULE(session_expiry) && session.expiry_s != UINT32_MAX)
    expire_at(session, since + std::chrono::seconds(session.expiry_s));
  if (!session.will) return;
  if (!MQZ_RULE(will_delay) || session.will->delay_s == 0) return fire_will(session);
  fire_will_at(session, since + std::chrono::seconds(session.will->delay_s));
}

void Shard::expire_at(Session& session, MonoTime time) {
  session.expires = time;
  timers_.add({time, session.id, TimerKind::session_expiry});
}

void Shard::fire_will_at(Session& session, MonoTime time) {
  session.will_due = time;
  timers_.add({time, session.id, TimerKind::will});
}

// Who was connected to an earlier life of the broker is not any more. A will waits for a moment,
// since its client is likely to be back.
void Shard::apply_start(const StartRecord& record) {
  constexpr std::chrono::seconds grace{10};
  queue_bytes_max_ = record.queue_bytes_max;
  queue_messages_max_ = record.queue_messages_max;
  if (restored_ != nullptr) restored_->begin_life(record.without);
  const MonoTime since = is_replaying_ ? mono_of(record.time) : now_.mono;
  std::vector<Session*> ended;
  sessions_.for_each([&](Session& session) {
    if (!session.recorded || !session.is_online) return;
    if (is_reflected(session, applied_)) return;
    session.is_online = false;
    if (session.durable) session.send.interrupt();
    tell_presence(session, false);
    if (session.will) {
      fire_will_at(session, since + std::max(grace, std::chrono::seconds(session.will->delay_s)));
    } else if (session.expiry_s == 0) {
      return ended.push_back(&session);
    }
    if (session.expiry_s != 0 && session.expiry_s != UINT32_MAX)
      expire_at(session, since + std::chrono::seconds(session.expiry_s));
  });
  for (Session* session : ended) end_session(*session);
}

void Shard::on_session_timer(const Timer& timer) {
  Session* session = sessions_.find(timer.object);
  if (session == nullptr || session->is_online) return;
  if (timer.kind == TimerKind::session_expiry && session->expires == timer.due) {
    propose({.session = session->id, .what = EndRecord{session->claim}});
  } else if (timer.kind == TimerKind::will && session->will_due == timer.due) {
    propose({.session = session->id, .what = WillRecord{session->claim}});
  }
}

// A broker that stops publishes no wills: those who would get them are told goodbye in the same
// moment. A server may defer them at its shutdown (3.1.2.5).
void Shard::fire_will(Session& session) {
  if (is_draining_) return;
  const std::unique_ptr<Will> will = std::move(session.will);
  session.will_due = MonoTime::max();
  if (!will) return;
  const bool has_place = will->message->qos() != mqtt::Qos::at_most_once || will->message->retain();
  if (has_place && session.recorded) wills_owed_.emplace(session.claim, *will);
  if (is_replaying_) return;
  publish_will(*will, &session, session.claim);
}

void Shard::publish_will(const Will& will, Session* session, std::uint64_t claim) {
  const Message& left = *will.message;
  const MonoTime expires =
      will.expiry_s ? now_.mono + std::chrono::seconds(*will.expiry_s) : MonoTime::max();
  Routed message(left.topic(), left.properties(), left.payload(), left.qos(), left.retain(),
                 expires);
  publish(message, session, nullptr, 0, session == nullptr || session->recorded ? claim : 0);
}

// A will that still waits is due now: its session ends before its delay [MQTT-3.1.2-8].
void Shard::end_session(Session& session) {
  if (session.recorded) snapshot_->note_ended(session);
  fire_will(session);
  sending_.forget(session);
  return_unacknowledged(session, {});
  drop_reads(session);
  std::string filter;
  while (!session.shared->empty()) {
    filter = session.shared->back().filter;
    leave_group(session, filter);
  }
  while (!session.subscriptions.empty()) {
    const Subscriptions::Change change = subscriptions_.remove_last(session, filter);
    announce(change, filter);
  }
  tell_directory(session);
  client_sessions_.erase(session);
  if (session.connection != nullptr) session.connection->session = nullptr;
  const std::unique_ptr<Session> ended = sessions_.take(session.id);
  if (!is_replaying_) dying_.add(std::move(ended->send));
}

}  // namespace mqz::broker
