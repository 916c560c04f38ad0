// Outgoing messages: the window, acknowledgements, and sending again.
#include <algorithm>
#include <utility>

#include "lib/backend/mqtt/session.h"

namespace mqz::backend {
namespace {

constexpr std::byte dup_bit{0x08};

std::string publish_detail(const mqtt::Publish& message) {
  return "(d" + std::to_string(message.dup ? 1 : 0) + ", q" +
         std::to_string(static_cast<int>(message.qos)) + ", r" +
         std::to_string(message.retain ? 1 : 0) + ", m" + std::to_string(message.packet_id) +
         ", '" + std::string(message.topic) + "', " + std::to_string(message.payload.size()) +
         " bytes)";
}

std::string ack_detail(std::uint16_t packet_id, mqtt::Reason reason) {
  return "(m" + std::to_string(packet_id) + ", rc" + std::to_string(static_cast<unsigned>(reason)) +
         ")";
}

std::string topic_of(Bytes packet, mqtt::Version version) {
  const auto message = decode_publish(mqtt::next_frame(packet).frame, version);
  return message ? std::string(message->topic) : std::string();
}

}  // namespace

bool MqttSession::has_room() const {
  return state_ == State::connected && !ending_ && resend_.empty() && !window_full_ &&
         inflight_.bytes() < options_.inflight_bytes_max &&
         outbox_.size() < options_.outbox_bytes_max;
}

Result<std::uint64_t> MqttSession::publish(const mqtt::Publish& message) {
  if (!has_room()) return fail(ErrorCode::unavailable, "no room for a message now");
  if (options_.version != mqtt::Version::v5 && !message.properties.empty()) {
    mqtt::Publish without = message;
    without.properties = {};
    return publish(without);
  }
  if (auto allowed = check_allowed(limits_, message, options_.version); !allowed)
    return tl::unexpected(allowed.error());
  return message.qos == mqtt::Qos::at_most_once ? publish_at_most_once(message)
                                                : publish_kept(message);
}

Result<std::uint64_t> MqttSession::publish_at_most_once(const mqtt::Publish& message) {
  send(message);
  if (options_.trace) trace(true, mqtt::PacketType::publish, publish_detail(message));
  ++sent_at_most_once_;
  return ++last_number_;
}

Result<std::uint64_t> MqttSession::publish_kept(mqtt::Publish message) {
  const std::uint64_t number = ++last_number_;
  message.packet_id = inflight_.take(number, message.qos);
  Inflight::Message& kept = inflight_.at(message.packet_id);
  mqtt::append(kept.packet, message, options_.version);
  inflight_.kept(message.packet_id);
  if (options_.trace) trace(true, mqtt::PacketType::publish, publish_detail(message));
  send_message(message.packet_id, false);
  return number;
}

void MqttSession::send_message(std::uint16_t packet_id, bool again) {
  Inflight::Message& message = inflight_.at(packet_id);
  window_full_ = ++on_the_wire_ >= limits_.window;
  message.on_the_wire = true;
  if (message.state == Inflight::State::released) {
    return send_ack(mqtt::PacketType::pubrel, packet_id);
  }
  if (message.qos == mqtt::Qos::exactly_once) free_stale_id(packet_id, message);
  message.state = Inflight::State::sent;
  const Bytes packet = as_bytes(message.packet);
  std::byte* at = outbox_.grow(packet.size());
  std::copy(packet.begin(), packet.end(), at);
  if (again && resend_is_dup_) *at |= dup_bit;
  if (again) trace(true, mqtt::PacketType::publish, "again (m" + std::to_string(packet_id) + ")");
}

// A session of an earlier process may hold QoS 2 identifiers whose PUBREL never came; a new message
// under such an identifier would be taken for a repetition and lost. A PUBREL before the
// first use frees it; its PUBCOMP is not the message's.
void MqttSession::free_stale_id(std::uint16_t packet_id, Inflight::Message& message) {
  if (!stale_ids_ || message.id_is_clean) return;
  send_ack(mqtt::PacketType::pubrel, packet_id);
  message.id_is_clean = true;
  message.waits_for_stale_pubcomp = true;
}

void MqttSession::begin_resending(bool session_present) {
  resend_ = inflight_.in_order();
  std::reverse(resend_.begin(), resend_.end());
  resend_is_dup_ = session_present;
  window_full_ = false;
  for (const std::uint16_t packet_id : resend_) {
    Inflight::Message& message = inflight_.at(packet_id);
    message.on_the_wire = false;
    if (!session_present) message.state = Inflight::State::waiting;
    if (std::exchange(message.waits_for_stale_pubcomp, false)) message.id_is_clean = false;
  }
  resend();
}

void MqttSession::resend() {
  while (!resend_.empty() && on_the_wire_ < limits_.window &&
         outbox_.size() < options_.outbox_bytes_max) {
    const std::uint16_t packet_id = resend_.back();
    resend_.pop_back();
    send_message(packet_id, true);
  }
}

void MqttSession::send_ack(mqtt::PacketType type, std::uint16_t packet_id, mqtt::Reason reason) {
  send(mqtt::Ack{type, packet_id, reason, {}});
  if (options_.trace) trace(true, type, ack_detail(packet_id, reason));
}

void MqttSession::receive_ack(const mqtt::Frame& frame) {
  const auto ack = decode_ack(frame, options_.version);
  if (!ack) return break_off(ack.error(), "malformed " + std::string(packet_name(frame.type)));
  if (options_.trace) trace(false, ack->type, ack_detail(ack->packet_id, ack->reason));
  if (ack->type == mqtt::PacketType::pubrel) return receive_pubrel(*ack);
  Inflight::Message* message = inflight_.find(ack->packet_id);
  if (message != nullptr && !message->on_the_wire) message = nullptr;
  if (ack->type == mqtt::PacketType::pubrec) {
    if (message == nullptr) {
      return send_ack(mqtt::PacketType::pubrel, ack->packet_id,
                      mqtt::Reason::packet_identifier_not_found);
    }
    return receive_pubrec(*ack, *message);
  }
  if (message == nullptr) return;
  if (ack->type == mqtt::PacketType::puback) {
    if (message->qos == mqtt::Qos::at_least_once) complete(*ack, *message);
    return;
  }
  if (std::exchange(message->waits_for_stale_pubcomp, false)) return;
  if (message->state == Inflight::State::released) complete(*ack, *message);
}

void MqttSession::receive_pubrec(const mqtt::Ack& ack, Inflight::Message& message) {
  if (message.qos != mqtt::Qos::exactly_once) return;
  if (is_failure(ack.reason)) return complete(ack, message);
  message.state = Inflight::State::released;
  send_ack(mqtt::PacketType::pubrel, ack.packet_id);
}

void MqttSession::complete(const mqtt::Ack& ack, const Inflight::Message& message) {
  Published published{message.number, {}, {}, {}};
  // A PUBCOMP that does not know the identifier answers a PUBREL sent again: all was done before.
  if (ack.type != mqtt::PacketType::pubcomp) published.reason = ack.reason;
  std::string topic;
  if (is_failure(published.reason)) {
    topic = topic_of(as_bytes(message.packet), options_.version);
    published.topic = topic;
    published.why = ack.properties.text(mqtt::PropertyId::reason_string).value_or("");
  }
  inflight_.release(ack.packet_id);
  // A window that was full opens again by a quarter at once: else every acknowledgement would buy
  // one message, and each of both a system call.
  if (--on_the_wire_ <= limits_.window - limits_.window / 4) window_full_ = false;
  resend();
  events_.on_published(published);
}

}  // namespace mqz::backend
