#include "tests/simulation/model_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lib/mqtt/encode.h"

namespace mqz::simulation {

using mqtt::PacketType;
using mqtt::PropertyId;
using mqtt::Reason;
using mqtt::Version;

std::string ModelClient::take_output() { return std::exchange(output_, {}); }

bool ModelClient::owes_nothing() const {
  return pending_.empty() && subscribing_.empty() && held_acks_.empty() && in_flight_.empty() &&
         received_.empty() && phase_ != Phase::connecting;
}

void ModelClient::forget_session() {
  if (session_ != nobody) session().until = history_.now();
  session_ = nobody;
  has_session_ = false;
  may_have_session_ = false;
  pending_.clear();
  received_.clear();
  filters_.clear();
}

void ModelClient::connect(bool wants_clean) {
  asked_clean_ = wants_clean || must_be_clean_ || (!form_.is_durable && !has_session_) ||
                 (!form_.is_durable && form_.version != Version::v5);
  // Before 5 a session that begins clean ends with its connection.
  is_lasting_ = form_.version == Version::v5 ? form_.is_durable : !asked_clean_;
  if (asked_clean_) forget_session();
  // What is asked for takes effect even if nobody hears of it.
  if (asked_clean_ || !is_lasting_) must_be_clean_ = true;
  phase_ = Phase::connecting;
  was_sent_away_ = false;
  mqtt::PropertyWriter properties;
  if (form_.version == Version::v5) {
    if (form_.is_durable) properties.number(PropertyId::session_expiry_interval, form_.expiry_s);
    if (form_.receive_max != 65'535)
      properties.number(PropertyId::receive_maximum, form_.receive_max);
    if (form_.alias_max != 0) properties.number(PropertyId::topic_alias_maximum, form_.alias_max);
  }
  mqtt::append(output_, mqtt::Connect{.version = form_.version,
                                      .clean_start = asked_clean_,
                                      .keep_alive_s = form_.keep_alive_s,
                                      .client_id = form_.id,
                                      .properties = properties.view()});
  history_.note(form_.id, fmt::format("connects, version {} clean {} durable {} expiry {}",
                                      static_cast<int>(form_.version), asked_clean_,
                                      form_.is_durable, form_.expiry_s));
}

void ModelClient::disconnected() {
  if (phase_ == Phase::offline) return;
  history_.note(form_.id, "is offline");
  if (phase_ == Phase::connecting) {
    may_have_session_ |= is_lasting_ && !asked_clean_;
    // If the session had expired by the time this took effect, it has made another one.
    must_be_clean_ |= has_session_ && may_expire();
  } else {
    session().connections.back().until = history_.now();
    left_at_ = last_seen_;
  }
  phase_ = Phase::offline;
  input_.clear();
  output_.clear();
  held_acks_.clear();
  in_flight_.clear();
  aliases_.clear();
  subscribing_.clear();
  unconfirmed_.clear();
  pinged_.clear();
  if (!is_lasting_) forget_session();
}

void ModelClient::receive(std::string_view bytes, MonoTime now) {
  if (bytes.empty() || phase_ == Phase::offline) return;
  const MonoTime earlier = std::exchange(last_seen_, now);
  input_.append(bytes);
  std::size_t used = 0;
  while (phase_ != Phase::offline) {
    const mqtt::FrameResult next = mqtt::next_frame(as_bytes(input_).subspan(used));
    if (next.status == mqtt::FrameStatus::incomplete) break;
    if (next.status != mqtt::FrameStatus::complete) {
      complain("gets bytes that are no packet");
      break;
    }
    handle(next.frame);
    used += next.frame.bytes;
  }
  input_.erase(0, used);
  if (was_sent_away_) last_seen_ = earlier;  // it happened at some time since
}

void ModelClient::handle(const mqtt::Frame& frame) {
  if ((phase_ == Phase::connecting) != (frame.type == PacketType::connack)) {
    return complain(fmt::format("gets a {} at the wrong time", mqtt::packet_name(frame.type)));
  }
  switch (frame.type) {
    case PacketType::connack: return on_connack(frame);
    case PacketType::publish: return on_publish(frame);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp: return on_ack(frame);
    case PacketType::suback:
    case PacketType::unsuback: return on_subscribe_ack(frame);
    case PacketType::pingresp: return on_pingresp();
    case PacketType::disconnect: return on_disconnect(frame);
    case PacketType::connect:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
    case PacketType::pingreq:
    case PacketType::auth: return complain("gets a packet that only clients send");
  }
}

void ModelClient::on_connack(const mqtt::Frame& frame) {
  const auto packet = mqtt::decode_connack(frame, form_.version);
  if (!packet || packet->reason != Reason::success) return complain("is not let in");
  phase_ = Phase::open;
  must_be_clean_ = false;
  broker_receive_max_ = static_cast<std::uint16_t>(
      packet->properties.number(PropertyId::receive_maximum).value_or(50));
  // 3.1 does not say.
  const bool is_present = form_.version == Version::v31 ? has_session_ : packet->session_present;
  if (is_present && (asked_clean_ || !may_have_session_))
    complain("gets a session that is not its own");
  if (!is_present) {
    if (has_session_ && !may_have_expired()) complain("has lost its session");
    forget_session();
  }
  if (session_ == nobody) {
    session_ = history_.sessions.size();
    history_.sessions.push_back({.client = form_.number});
  }
  session().connections.push_back({.from = history_.now()});
  has_session_ = true;
  may_have_session_ = is_lasting_;
  history_.note(form_.id, fmt::format("{}, away for {} ms", is_present ? "resumes" : "begins",
                                      (last_seen_ - left_at_).count()));
  for (const Pending& pending : pending_) {
    if (pending.is_released) {
      mqtt::append(output_, mqtt::Ack{.type = PacketType::pubrel, .packet_id = pending.packet_id},
                   form_.version);
    } else {
      send_publish(pending, true);
    }
  }
}

void ModelClient::on_pingresp() {
  if (pinged_.empty()) return complain("gets a PINGRESP that it did not ask for");
  for (const std::size_t message : pinged_.front())
    history_.messages[message].arrived = history_.now();
  pinged_.pop_front();
}

// Nothing that these clients do is forbidden, so they are sent away for two reasons only.
void ModelClient::on_disconnect(const mqtt::Frame& frame) {
  const auto packet = mqtt::decode_disconnect(frame, form_.version);
  if (!packet) return complain("gets a DISCONNECT that cannot be read");
  was_sent_away_ = true;
  history_.note(form_.id, fmt::format("is sent away: {}", mqtt::reason_text(packet->reason)));
  if (packet->reason == Reason::session_taken_over) return complain("is taken over by nobody");
  if (packet->reason != Reason::keep_alive_timeout || form_.keep_alive_s == 0)
    complain(fmt::format("is sent away: {}", mqtt::reason_text(packet->reason)));
}

bool ModelClient::may_expire() const {
  return form_.version == Version::v5 && form_.expiry_s != UINT32_MAX;
}

bool ModelClient::may_have_expired() const {
  return may_expire() && last_seen_ - left_at_ >= std::chrono::seconds(form_.expiry_s);
}

std::uint16_t ModelClient::fresh_packet_id() {
  const auto is_used = [&] {
    return find(last_packet_id_) != nullptr ||
           std::ranges::find(subscribing_, last_packet_id_, &PendingSubscribe::packet_id) !=
               subscribing_.end();
  };
  do {
    last_packet_id_ = static_cast<std::uint16_t>(last_packet_id_ % 100 + 1);
  } while (is_used());
  return last_packet_id_;
}

ModelClient::Pending* ModelClient::find(std::uint16_t packet_id) {
  const auto at = std::ranges::find(pending_, packet_id, &Pending::packet_id);
  return at == pending_.end() ? nullptr : &*at;
}

bool ModelClient::may_publish(mqtt::Qos qos) const {
  return is_open() && (qos == mqtt::Qos::at_most_once ||
                       pending_.size() < std::min<std::size_t>(broker_receive_max_, 50));
}

void ModelClient::publish(const std::string& topic, mqtt::Qos qos, bool retain, bool is_removal) {
  const std::size_t message = history_.messages.size();
  history_.messages.push_back({.publisher = form_.number,
                               .session = session_,
                               .topic = topic,
                               .qos = qos,
                               .retain = retain,
                               .is_removal = is_removal,
                               .sent = history_.now()});
  Pending pending{.message = message};
  if (qos == mqtt::Qos::at_most_once) {
    unconfirmed_.push_back(message);
  } else {
    pending.packet_id = fresh_packet_id();
    pending_.push_back(pending);
  }
  send_publish(pending, false);
}

void ModelClient::send_publish(const Pending& pending, bool dup) {
  SentMessage& message = history_.messages[pending.message];
  ++message.times_sent;
  const std::string payload = message.is_removal ? "" : std::to_string(pending.message);
  mqtt::append(output_,
               mqtt::Publish{.dup = dup,
                             .qos = message.qos,
                             .retain = message.retain,
                             .topic = message.topic,
                             .packet_id = pending.packet_id,
                             .payload = as_bytes(payload)},
               form_.version);
  history_.note(form_.id,
                fmt::format("publishes {} to {} qos {} id {}{}", pending.message, message.topic,
                            static_cast<int>(message.qos), pending.packet_id, dup ? " again" : ""));
}

void ModelClient::ping() {
  output_.append(as_text(mqtt::pingreq_bytes));
  pinged_.push_back(std::exchange(unconfirmed_, {}));
}

void ModelClient::leave() {
  mqtt::append(output_, mqtt::Disconnect{}, form_.version);
  phase_ = Phase::leaving;
  history_.note(form_.id, "leaves");
}

}  // namespace mqz::simulation
