#include "lib/broker/shard.h"

#include <algorithm>
#include <utility>

#include "lib/base/rules.h"
#include "lib/broker/shard_restore.h"
#include "lib/broker/shard_snapshot.h"

namespace mqz::broker {

namespace {

// Each one of a client that sends them without end may be another record.
bool may_make_records(mqtt::PacketType type) {
  using enum mqtt::PacketType;
  return type == publish || type == subscribe || type == unsubscribe || type == pubrel ||
         type == pubrec;
}

}  // namespace

Shard::Shard(Options options)
    : options_(std::move(options)),
      settings_(options_.settings),
      subscriptions_(options_.hash_seed),
      groups_(options_.hash_seed),
      interest_(options_.hash_seed),
      routes_(options_.hash_seed, subscriptions_, groups_, interest_),
      retained_(options_.hash_seed),
      placer_(options_.placement, options_.index, options_.count),
      queue_bytes_max_(settings_.queue_bytes_max),
      queue_messages_max_(settings_.queue_messages_max),
      snapshot_(std::make_unique<ShardSnapshot>(*this)),
      mail_(options_.count) {
  MQZ_CHECK(options_.count >= 1 && options_.count <= shards_max && options_.index < options_.count);
  MQZ_CHECK(is_front() == static_cast<bool>(options_.sequencer));
  active_ = bit_of(options_.index);
  if (options_.placement == Placement::spread) active_ = bit_of(options_.count) - 1;
}

Shard::~Shard() = default;

void Shard::start() { sys_.start(); }

Connection& Shard::accept(int transport, std::uint16_t listener) {
  Connection& connection = connections_.insert(std::make_unique<Connection>());
  connection.transport = transport;
  connection.listener = listener;
  connection.settings =
      listener < options_.listeners.size() ? &options_.listeners[listener] : &settings_;
  count_connection(connection, 1);
  connection.last_packet = now_.mono;
  connection.deadline = now_.mono + Millis(settings_.connect_timeout_ms);
  timers_.add({connection.deadline, connection.id, TimerKind::connection});
  ++counters_.connections_accepted;
  return connection;
}

std::size_t Shard::receive(Connection& connection, Bytes input) {
  counters_.bytes_received += input.size();
  const std::size_t offered = input.size();
  while (connection.state == ConnectionState::fresh || connection.state == ConnectionState::open) {
    const mqtt::FrameResult next = mqtt::next_frame(input, packet_bytes_max(connection));
    if (next.status == mqtt::FrameStatus::incomplete) break;
    if (next.status != mqtt::FrameStatus::complete) {
      refuse(connection, next.status == mqtt::FrameStatus::too_large
                             ? mqtt::Reason::packet_too_large
                             : mqtt::Reason::malformed_packet);
      break;
    }
    if ((what_is_held_ != Held::nothing || withholds_enough(connection)) &&
        holds(connection, next.frame.type))
      break;
    ++counters_.packets_received;
    connection.last_packet = now_.mono;
    fresh_input_ = input;
    handle(connection, next.frame);
    input = input.subspan(next.frame.bytes);
    run_committed();
  }
  // Messages stop at their limit, so more than that are answers that the client does not read.
  if (connection.state == ConnectionState::open && connection.out.bytes() > unread_bytes_max())
    refuse(connection, mqtt::Reason::quota_exceeded);
  if (connection.state == ConnectionState::closing || connection.state == ConnectionState::closed)
    return offered;
  connection.input_waits = connection.state == ConnectionState::connecting || connection.is_held;
  return offered - input.size();
}

bool Shard::holds(Connection& connection, mqtt::PacketType type) {
  if (connection.state != ConnectionState::open) return false;
  if (type != mqtt::PacketType::publish &&
      !(what_is_held_ == Held::records && may_make_records(type)))
    return false;
  if (!std::exchange(connection.is_held, true)) held_.push_back(connection.id);
  return true;
}

void Shard::hold(Held what) {
  const bool is_less = what < std::exchange(what_is_held_, what);
  if (is_less) release_held();
}

void Shard::release_held() {
  for (const SlotId id : std::exchange(held_, {})) {
    Connection* connection = connections_.find(id);
    if (connection == nullptr) continue;
    connection->is_held = false;
    connection->last_packet = now_.mono;  // it was we who did not listen
    touch(*connection);
  }
}

// Strangers may make the broker hold less.
std::size_t Shard::packet_bytes_max(const Connection& connection) const {
  if (connection.state != ConnectionState::fresh) return settings_.packet_bytes_max;
  return std::min(settings_.packet_bytes_max, settings_.connect_bytes_max);
}

std::size_t Shard::unread_bytes_max() const {
  constexpr std::size_t answers = 1U << 20U;
  const std::size_t more = settings_.packet_bytes_max + answers;
  return settings_.outgoing_bytes_max > SIZE_MAX - more ? SIZE_MAX
                                                        : settings_.outgoing_bytes_max + more;
}

void Shard::handle(Connection& connection, const mqtt::Frame& frame) {
  if (connection.state == ConnectionState::fresh) {
    if (frame.type == mqtt::PacketType::connect) {
      on_connect(connection, frame);
    } else {
      close(connection);  // [MQTT-3.1.0-1]; nothing may be sent before a CONNECT [MQTT-4.8.0-1]
    }
    return;
  }
  handle_open(connection, frame);
}

void Shard::handle_open(Connection& connection, const mqtt::Frame& frame) {
  if (!mqtt::may_send_client(frame.type, connection.version)) {
    refuse(connection, mqtt::Reason::protocol_error);
    return;
  }
  switch (frame.type) {
    case mqtt::PacketType::publish: on_publish(connection, frame); return;
    case mqtt::PacketType::puback:
    case mqtt::PacketType::pubrec:
    case mqtt::PacketType::pubrel:
    case mqtt::PacketType::pubcomp: {
      const auto ack = mqtt::decode_ack(frame, connection.version);
      if (!ack) return refuse(connection, ack.error());
      if (frame.type == mqtt::PacketType::puback) return on_puback(connection, *ack);
      if (frame.type == mqtt::PacketType::pubrec) return on_pubrec(connection, *ack);
      if (frame.type == mqtt::PacketType::pubrel) return on_pubrel(connection, *ack);
      return on_pubcomp(connection, *ack);
    }
    case mqtt::PacketType::subscribe: on_subscribe(connection, frame); return;
    case mqtt::PacketType::unsubscribe: on_unsubscribe(connection, frame); return;
    case mqtt::PacketType::pingreq: {
      const mqtt::Reason reason = mqtt::check_ping(frame);
      if (reason != mqtt::Reason::success) return refuse(connection, reason);
      connection.out.append(mqtt::pingresp_bytes);
      touch(connection);
      return;
    }
    case mqtt::PacketType::disconnect: on_disconnect(connection, frame); return;
    case mqtt::PacketType::auth: on_auth(connection, frame); return;
    case mqtt::PacketType::connect:  // a second one [MQTT-3.1.0-2]
      if (!MQZ_RULE(one_connect)) return;
      refuse(connection, mqtt::Reason::protocol_error);
      return;
    case mqtt::PacketType::connack:
    case mqtt::PacketType::suback:
    case mqtt::PacketType::unsuback:
    case mqtt::PacketType::pingresp: refuse(connection, mqtt::Reason::protocol_error); return;
  }
}

void Shard::touch(Connection& connection) {
  if (connection.dirty) return;
  connection.dirty = true;
  dirty_.push_back(connection.id);
}

void Shard::refuse(Connection& connection, mqtt::Reason reason, std::string_view why) {
  if (connection.state == ConnectionState::open)
    log_end(connection, why.empty() ? mqtt::reason_text(reason) : why);
  if (connection.state == ConnectionState::open && connection.version == mqtt::Version::v5) {
    mqtt::PropertyWriter properties;
    if (!why.empty() && connection.problem_information)
      properties.text(mqtt::PropertyId::reason_string, why);
    write(connection, mqtt::Disconnect{.reason = reason, .properties = properties.view()});
  }
  close(connection);
}

// A client that does not accept the answer it is owed would wait for it for ever.
void Shard::cannot_answer(Connection& connection) {
  if (connection.state == ConnectionState::open)
    condemned_.push_back({connection.id, mqtt::Reason::packet_too_large});
}

void Shard::close(Connection& connection) {
  if (connection.state == ConnectionState::closing || connection.state == ConnectionState::closed)
    return;
  connection.state = ConnectionState::closing;
  detach(connection);
  touch(connection);
}

void Shard::limit_closing(Connection& connection) {
  constexpr Millis limit{1000};
  connection.deadline = now_.mono + limit;
  timers_.add({connection.deadline, connection.id, TimerKind::connection});
}

void Shard::lost(Connection& connection) {
  if (connection.state == ConnectionState::closed) return;
  if (connection.state == ConnectionState::open) log_end(connection, "connection lost");
  detach(connection);
  connection.state = ConnectionState::closed;
  connection.out.clear();
  touch(connection);
  run_committed();
}

void Shard::writable(Connection& connection) {
  if (connection.session == nullptr || connection.state != ConnectionState::open) return;
  sending_.pump(*connection.session);
  if (!reads_.empty()) continue_reads(*connection.session);
  run_committed();
}

void Shard::release(Connection& connection) {
  MQZ_CHECK(connection.session == nullptr);
  count_connection(connection, -1);
  connections_.take(connection.id);
}

void Shard::drain() {
  is_draining_ = true;
  connections_.for_each(
      [&](Connection& connection) { refuse(connection, mqtt::Reason::server_shutting_down); });
  run_committed();
}

std::optional<MonoTime> Shard::next_deadline() const {
  const auto next = timers_.next();
  if (snapshot_->due() == MonoTime::max()) return next;
  return std::min(next.value_or(MonoTime::max()), snapshot_->due());
}

bool Shard::has_work() const {
  return !retained_ready_.empty() || !serves_ready_.empty() || snapshot_->due() <= now_.mono ||
         sending_.has_work() || moving_.has_work() || returns_.has_work() || dying_.has_work() ||
         leaves_committed_;
}

void Shard::tick() {
  records_left_ = options_.turn.records;
  while (const auto timer = timers_.take(now_.mono)) {
    switch (timer->kind) {
      case TimerKind::connection: on_connection_timer(*timer); break;
      case TimerKind::session_expiry:
      case TimerKind::will: on_session_timer(*timer); break;
      case TimerKind::retained: expire_retained(timer->due); break;
      case TimerKind::sys: sys_.on_timer(); break;
    }
    run_committed();
  }
  timers_.tidy([&](const Timer& timer) { return is_void(timer); });
  run_retained();
  sending_.step();
  dying_.step();
  returns_.step();
  run_committed();
  snapshot_->step();
  moving_.step();
  if (parked_) parked_->rest();
}

bool Shard::is_void(const Timer& timer) const {
  const Connection* connection = connections_.find(timer.object);
  const Session* session = sessions_.find(timer.object);
  switch (timer.kind) {
    case TimerKind::connection: return connection == nullptr || connection->deadline != timer.due;
    case TimerKind::session_expiry: return session == nullptr || session->expires != timer.due;
    case TimerKind::will: return session == nullptr || session->will_due != timer.due;
    case TimerKind::retained: return timer.due != retained_armed_;
    case TimerKind::sys: return false;
  }
  return false;
}

void Shard::send_mail(ShardIndex to, Mail mail) {
  MQZ_CHECK(to != options_.index);
  mail_[to].push_back(std::move(mail));
}

void Shard::send_mail_to_others(const Mail& mail) {
  for (ShardIndex to = 0; to < options_.count; ++to) {
    if (to != options_.index && (active_ & bit_of(to)) != 0) send_mail(to, mail);
  }
}

void Shard::receive_mail(ShardIndex from, Mail mail) {
  struct Visitor {
    Shard& shard;
    ShardIndex from;
    void operator()(AdoptMail& mail) const { shard.adopt(std::move(mail)); }
    void operator()(SessionEndMail& mail) const { shard.directory_.end(mail); }
    void operator()(ActivateMail& mail) const { shard.on_activate(from, mail); }
    void operator()(ActiveMail& mail) const {
      shard.active_ = mail.shards;
      shard.places_applied_ = mail.places;
    }
    void operator()(RouteMail& mail) const {
      Routed message(mail.message);
      shard.feed_live(message, shard.routes_.find(message.topic(), nullptr), mail.has_place);
    }
    void operator()(InterestMail& mail) const {
      const unsigned bit = mail.durable ? durable_interest : from;
      mail.add ? shard.interest_.add(mail.filter, bit) : shard.interest_.remove(mail.filter, bit);
      shard.routes_.interest_changed();
    }
    void operator()(SettleMail& mail) const { shard.on_settle(from, mail); }
    void operator()(SettledMail& mail) const { shard.on_settled(mail); }
    void operator()(RetainedAskMail& mail) const { shard.on_retained_ask(from, mail); }
    void operator()(RetainedSliceMail& mail) const { shard.on_retained_slice(std::move(mail)); }
    void operator()(RetainedDropMail& mail) const {
      shard.serves_.erase(serve_key(from, mail.token));
    }
    void operator()(GroupJoinMail& mail) const { shard.on_group_join(mail); }
    void operator()(GroupLeaveMail& mail) const { shard.on_group_leave(mail); }
    void operator()(GroupPresenceMail& mail) const { shard.groups_.set_presence(mail); }
    void operator()(GroupDeliverMail& mail) const { shard.on_group_deliver(from, std::move(mail)); }
    void operator()(GroupReturnMail& mail) const { shard.returns_.take(std::move(mail)); }
    void operator()(CountersAskMail& mail) const {
      shard.send_mail(from, CountersMail{mail.round, shard.counters()});
    }
    void operator()(CountersMail& mail) const { shard.sys_.on_counters(mail); }
    void operator()(ProposeMail& mail) const { shard.propose_here(std::move(mail.record)); }
    void operator()(CommittedMail& mail) const { shard.apply(mail.record); }
    void operator()(MoveMail& mail) const { shard.moving_.begin(mail.segments); }
    void operator()(SnapshotMail& mail) const {
      shard.applied_ = std::max(shard.applied_, mail.position);
      shard.snapshot_->join(std::move(mail.target));
    }
    void operator()(SnapshotDoneMail&) const { shard.snapshot_->part_done(); }
  };
  if (must_wait(from, mail)) return mail_held_.push_back({from, std::move(mail)});
  const std::uint64_t places = places_applied_;
  std::visit(Visitor{*this, from}, mail);
  run_committed();
  if (places_applied_ == places || mail_held_.empty()) return;
  for (auto& [sender, held] : std::exchange(mail_held_, {})) receive_mail(sender, std::move(held));
}

// Mail of one sender keeps its order, so what comes behind mail that waits does too.
bool Shard::must_wait(ShardIndex from, const Mail& mail) const {
  const auto* route = std::get_if<RouteMail>(&mail);
  if (MQZ_RULE(place_first) && route != nullptr && route->behind > places_applied_) return true;
  return std::ranges::any_of(mail_held_, [&](const auto& held) { return held.first == from; });
}

void Shard::propose(Record&& record) {
  if (is_replaying_) return;
  record.shard = options_.index;
  if (const Session* session = sessions_.find(record.session); session && session->recorded)
    record.number = session->number;
  if (is_front()) return propose_here(std::move(record));
  send_mail(front_shard, ProposeMail{std::move(record)});
}

// A turn may apply as many more as it adds: what waits does not grow, however many come.
void Shard::propose_here(Record&& record) {
  ++proposed_;
  ++records_left_;
  options_.sequencer->propose(std::move(record), now_);
}

// Applying may propose again; those records come up in the same loop, never inside an application.
// After a long sync very many are committed at once: those behind the turn's wait in the sequencer,
// in their order.
void Shard::run_committed() {
  if (is_running_committed_) return;
  end_condemned();
  if (!is_front()) return;
  is_running_committed_ = true;
  while (records_left_ > 0) {
    auto record = options_.sequencer->take_committed();
    if (!record) break;
    --records_left_;
    run(*record);
    end_condemned();
  }
  is_running_committed_ = false;
  leaves_committed_ = records_left_ == 0;
  if (!reads_waiting_.empty()) wake_retained();
}

// Here, or where it belongs.
void Shard::run(Record& record) {
  ++committed_;
  applied_ = record.position;
  if (!shares_owed_.empty()) forget_share(record);
  note_joins(record);
  if (record.is_for_all()) {
    if (!is_alone()) send_mail_to_others(CommittedMail{record});
    apply(record);
  } else if (record.shard == options_.index) {
    apply(record);
  } else {
    const ShardIndex to = record.shard;
    send_mail(to, CommittedMail{std::move(record)});
  }
}

void Shard::end_condemned() {
  while (!condemned_.empty()) {
    const Condemned next = condemned_.back();
    condemned_.pop_back();
    if (Connection* connection = connections_.find(next.connection))
      refuse(*connection, next.reason, next.why);
  }
}

}  // namespace mqz::broker
