// Incoming packets: one function per kind.
#include <utility>

#include "lib/backend/failure.h"
#include "lib/backend/mqtt/session.h"
#include "lib/mqtt/topic.h"

namespace mqz::backend {
namespace {

using mqtt::PacketType;
using mqtt::PropertyId;
using mqtt::Reason;

std::string reason_string(mqtt::PropertyView properties) {
  return std::string(properties.text(PropertyId::reason_string).value_or(""));
}

}  // namespace

std::size_t MqttSession::receive(Bytes input, MonoTime now) {
  now_ = received_at_ = now;
  pinged_at_.reset();
  bytes_wanted_ = 0;
  std::size_t used = 0;
  while (!ending_) {
    const mqtt::FrameResult next = mqtt::next_frame(input.subspan(used), options_.packet_bytes_max);
    switch (next.status) {
      case mqtt::FrameStatus::complete:
        used += next.frame.bytes;
        receive_frame(next.frame);
        continue;
      case mqtt::FrameStatus::incomplete: bytes_wanted_ = next.bytes_needed; return used;
      case mqtt::FrameStatus::malformed:
        break_off(Reason::malformed_packet, "what the server sent is not MQTT");
        return used;
      case mqtt::FrameStatus::too_large:
        break_off(Reason::packet_too_large, "the server sent a packet of more than " +
                                                std::to_string(options_.packet_bytes_max) +
                                                " bytes");
        return used;
    }
  }
  return used;
}

void MqttSession::receive_frame(const mqtt::Frame& frame) {
  if (state_ == State::connecting && frame.type != PacketType::connack) {
    return break_off(
        Reason::protocol_error,
        "the server's first packet is " + std::string(packet_name(frame.type)) + ", not CONNACK");
  }
  switch (frame.type) {
    case PacketType::connack: return receive_connack(frame);
    case PacketType::publish: return receive_publish(frame);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp: return receive_ack(frame);
    case PacketType::suback:
    case PacketType::unsuback: trace(false, frame.type); return receive_request_ack(frame);
    case PacketType::pingresp: return trace(false, frame.type);
    case PacketType::disconnect: return receive_disconnect(frame);
    case PacketType::connect:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
    case PacketType::pingreq:
    case PacketType::auth: break;
  }
  break_off(Reason::protocol_error, "the server sent " + std::string(packet_name(frame.type)));
}

void MqttSession::receive_connack(const mqtt::Frame& frame) {
  trace(false, PacketType::connack);
  if (state_ == State::connected) {
    return break_off(Reason::protocol_error, "the server sent CONNACK twice");
  }
  // A server that knows only 3.x answers in its own form, which has no properties.
  const bool old_form = options_.version == mqtt::Version::v5 && frame.body.size() == 2;
  if (old_form) return refuse(Reason::unsupported_protocol_version);
  const auto connack = decode_connack(frame, options_.version);
  if (!connack) return break_off(connack.error(), "malformed CONNACK");
  if (!is_failure(connack->reason)) return accept(*connack);
  refuse(connack->reason);
  if (ending_->kind == Ending::Kind::refused) ending_->text = reason_string(connack->properties);
}

void MqttSession::refuse(Reason reason) {
  if (reason == Reason::unsupported_protocol_version && try_older_version()) {
    ending_ = Ending{Ending::Kind::again_at_once, reason, {}, true};
  } else {
    ending_ = Ending{Ending::Kind::refused, reason, {}, may_pass(reason)};
  }
}

void MqttSession::accept(const mqtt::Connack& connack) {
  if (connack.session_present && clean_start_sent_) {  // [MQTT-3.2.2-4]
    return break_off(Reason::protocol_error,
                     "the server found a session though none was asked for");
  }
  const bool first = !std::exchange(was_connected_, true);
  may_fall_back_ = false;
  state_ = State::connected;
  limits_ = limits_of(connack.properties, options_);
  if (const auto id = connack.properties.text(PropertyId::assigned_client_identifier)) {
    options_.client_id = *id;
  }
  // The session this process began is to be found again.
  if (options_.properties.view().number(PropertyId::session_expiry_interval).value_or(0) > 0) {
    options_.clean_start = false;
  }
  if (!connack.session_present) received_ids_.reset();
  stale_ids_ = connack.session_present && (first || stale_ids_);
  begin_resending(connack.session_present);
  events_.on_connected({first, connack.session_present, where_, options_.client_id,
                        options_.version, connack.properties});
}

void MqttSession::receive_publish(const mqtt::Frame& frame) {
  auto message = decode_publish(frame, options_.version);
  if (!message) return break_off(message.error(), "malformed PUBLISH");
  if (options_.trace) {
    trace(false, frame.type,
          "(q" + std::to_string(static_cast<int>(message->qos)) + ", m" +
              std::to_string(message->packet_id) + ", '" + std::string(message->topic) + "', " +
              std::to_string(message->payload.size()) + " bytes)");
  }
  if (!message->properties.empty() && !resolve_alias(*message)) return;
  deliver(*message);
}

// The topic of the alias stands in for an empty one; a topic with an alias sets it (3.3.2.3.4).
bool MqttSession::resolve_alias(mqtt::Publish& message) {
  const auto alias = message.properties.number(PropertyId::topic_alias);
  if (!alias) return true;
  const std::uint32_t most =
      options_.properties.view().number(PropertyId::topic_alias_maximum).value_or(0);
  if (*alias > most ||
      (message.topic.empty() && (*alias > aliases_.size() || aliases_[*alias - 1].empty()))) {
    break_off(Reason::topic_alias_invalid, "the server used an unknown topic alias");
    return false;
  }
  if (message.topic.empty()) {
    message.topic = aliases_[*alias - 1];
  } else {
    if (aliases_.size() < *alias) aliases_.resize(*alias);
    aliases_[*alias - 1] = message.topic;
  }
  return true;
}

void MqttSession::deliver(const mqtt::Publish& message) {
  if (deaf_) return;
  const bool exactly_once = message.qos == mqtt::Qos::exactly_once;
  const bool known = exactly_once && received_ids_ && received_ids_->test(message.packet_id);
  if (!known && !events_.on_message(message)) {
    deaf_ = true;
    return;
  }
  if (message.qos == mqtt::Qos::at_least_once) {
    send_ack(PacketType::puback, message.packet_id);
  } else if (exactly_once) {
    if (!received_ids_) received_ids_ = std::make_unique<std::bitset<65'536>>();
    received_ids_->set(message.packet_id);
    send_ack(PacketType::pubrec, message.packet_id);
  }
}

void MqttSession::receive_pubrel(const mqtt::Ack& ack) {
  const bool known = received_ids_ && received_ids_->test(ack.packet_id);
  if (known) received_ids_->reset(ack.packet_id);
  send_ack(PacketType::pubcomp, ack.packet_id,
           known ? Reason::success : Reason::packet_identifier_not_found);
}

void MqttSession::receive_disconnect(const mqtt::Frame& frame) {
  trace(false, frame.type);
  const auto packet = decode_disconnect(frame, options_.version);
  if (!packet) return break_off(packet.error(), "malformed DISCONNECT");
  if (options_.version != mqtt::Version::v5) {
    return break_off(Reason::protocol_error, "the server sent DISCONNECT");
  }
  ending_ = Ending{Ending::Kind::dismissed, packet->reason, reason_string(packet->properties),
                   may_pass(packet->reason)};
}

}  // namespace mqz::backend
