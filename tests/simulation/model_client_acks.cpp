// The parts of the client that receive: messages, and the answers to what it sent.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "lib/mqtt/encode.h"
#include "tests/simulation/model_client.h"

namespace mqz::simulation {

using mqtt::PacketType;
using mqtt::PropertyId;
using mqtt::Qos;
using mqtt::Reason;

void ModelClient::on_publish(const mqtt::Frame& frame) {
  auto packet = mqtt::decode_publish(frame, form_.version);
  if (!packet) return complain("gets a PUBLISH that cannot be read");
  if (const auto alias = packet->properties.number(PropertyId::topic_alias)) {
    const auto number = static_cast<std::uint16_t>(*alias);
    if (number > form_.alias_max) complain("gets an alias beyond its maximum");
    if (!packet->topic.empty()) aliases_[number] = packet->topic;
    packet->topic = aliases_[number];
  }
  if (packet->topic.empty()) return complain("gets an alias that stands for nothing");
  if (packet->qos == Qos::at_most_once) {
    if (packet->dup) complain("gets DUP at QoS 0");
    return record(*packet);
  }
  if (!in_flight_.insert(packet->packet_id).second)
    complain(fmt::format("gets packet id {} again on one connection", packet->packet_id));
  if (in_flight_.size() > form_.receive_max) complain("gets more at once than it can take");
  if (packet->qos == Qos::at_least_once) {
    record(*packet);
    return send_ack(PacketType::puback, packet->packet_id);
  }
  if (received_.insert(packet->packet_id).second) {
    record(*packet);
  } else if (!packet->dup) {
    complain(fmt::format("gets packet id {} for something else", packet->packet_id));
  }
  send_ack(PacketType::pubrec, packet->packet_id);
}

void ModelClient::record(const mqtt::Publish& packet) {
  Reception reception{.connection = session().connections.size() - 1,
                      .qos = packet.qos,
                      .retain = packet.retain,
                      .dup = packet.dup,
                      .at = history_.now()};
  for (const mqtt::Property& property : packet.properties) {
    if (property.id == PropertyId::subscription_identifier)
      reception.identifiers.push_back(property.number);
  }
  const std::string_view text = as_text(packet.payload);
  history_.note(form_.id, fmt::format("receives {} on {} qos {} id {}{}{}", text, packet.topic,
                                      static_cast<int>(packet.qos), packet.packet_id,
                                      packet.dup ? " dup" : "", packet.retain ? " retain" : ""));
  if (text.empty()) return;  // the removal of a retained value; there is no telling which
  const auto end = std::from_chars(text.data(), text.data() + text.size(), reception.message);
  if (end.ptr != text.data() + text.size() || reception.message >= history_.messages.size() ||
      history_.messages[reception.message].topic != packet.topic) {
    return complain(fmt::format("gets what nobody sent: {} on {}", text, packet.topic));
  }
  session().receptions.push_back(std::move(reception));
}

void ModelClient::set_slow(bool is_slow) {
  is_slow_ = is_slow;
  if (is_slow) return;
  for (const mqtt::Ack& ack : std::exchange(held_acks_, {})) write_ack(ack);
}

void ModelClient::send_ack(PacketType type, std::uint16_t packet_id) {
  const mqtt::Ack ack{.type = type, .packet_id = packet_id};
  is_slow_ ? held_acks_.push_back(ack) : write_ack(ack);
}

void ModelClient::write_ack(const mqtt::Ack& ack) {
  if (ack.type == PacketType::puback || ack.type == PacketType::pubcomp)
    in_flight_.erase(ack.packet_id);
  mqtt::append(output_, ack, form_.version);
}

void ModelClient::on_ack(const mqtt::Frame& frame) {
  const auto ack = mqtt::decode_ack(frame, form_.version);
  if (!ack) return complain("gets an acknowledgement that cannot be read");
  if (ack->type == PacketType::pubrel) {
    received_.erase(ack->packet_id);
    return send_ack(PacketType::pubcomp, ack->packet_id);
  }
  if (mqtt::is_failure(ack->reason) && ack->reason != Reason::packet_identifier_not_found)
    complain(fmt::format("is refused: {}", mqtt::reason_text(ack->reason)));
  if (ack->type == PacketType::pubrec) return on_pubrec(*ack);
  on_puback(*ack);
}

// PUBACK and PUBCOMP.
void ModelClient::on_puback(const mqtt::Ack& ack) {
  const Pending* pending = find(ack.packet_id);
  const bool is_end = ack.type == PacketType::pubcomp;
  if (pending == nullptr || pending->is_released != is_end ||
      (history_.messages[pending->message].qos == Qos::exactly_once) != is_end) {
    return complain(fmt::format("gets a {} for {} that it does not wait for",
                                mqtt::packet_name(ack.type), ack.packet_id));
  }
  SentMessage& message = history_.messages[pending->message];
  if (message.arrived == never) message.arrived = history_.now();
  history_.note(form_.id, fmt::format("hears that {} is done", pending->message));
  pending_.erase(pending_.begin() + (pending - &pending_.front()));
}

void ModelClient::on_pubrec(const mqtt::Ack& ack) {
  Pending* pending = find(ack.packet_id);
  if (pending == nullptr || history_.messages[pending->message].qos != Qos::exactly_once)
    return complain(fmt::format("gets a PUBREC for {}", ack.packet_id));
  if (pending->is_released) return complain("gets a PUBREC twice on one connection");
  pending->is_released = true;
  SentMessage& message = history_.messages[pending->message];
  if (message.arrived == never) message.arrived = history_.now();
  history_.note(form_.id, fmt::format("hears that {} has arrived", pending->message));
  mqtt::append(output_, mqtt::Ack{.type = PacketType::pubrel, .packet_id = ack.packet_id},
               form_.version);
}

void ModelClient::end_span(const std::string& filter) {
  for (SubscriptionSpan& span : session().subscriptions) {
    if (span.filter == filter && span.until == never) span.until = history_.now();
  }
}

void ModelClient::subscribe(const std::string& filter, Qos qos, std::uint8_t retain_handling) {
  if (std::ranges::find(subscribing_, filter, &PendingSubscribe::filter) != subscribing_.end())
    return;
  end_span(filter);
  mqtt::PropertyWriter properties;
  std::uint32_t identifier = 0;
  if (form_.version == mqtt::Version::v5) {
    identifier = ++last_identifier_;
    properties.number(PropertyId::subscription_identifier, identifier);
  } else {
    retain_handling = 0;
  }
  session().subscriptions.push_back({.filter = filter,
                                     .qos = qos,
                                     .identifier = identifier,
                                     .wants_retained = retain_handling == 0,
                                     .asked = history_.now()});
  if (std::ranges::find(filters_, filter) == filters_.end()) filters_.push_back(filter);
  std::string payload;
  mqtt::append_entry(
      payload, mqtt::SubscribeEntry{filter, {.qos = qos, .retain_handling = retain_handling}});
  const std::uint16_t packet_id = fresh_packet_id();
  subscribing_.push_back({packet_id, false, filter, qos});
  mqtt::append(
      output_,
      mqtt::Subscribe{
          .packet_id = packet_id, .properties = properties.view(), .payload = as_bytes(payload)},
      form_.version);
  history_.note(form_.id, fmt::format("subscribes {} qos {}", filter, static_cast<int>(qos)));
}

void ModelClient::unsubscribe(std::string filter) {
  if (std::ranges::find(subscribing_, filter, &PendingSubscribe::filter) != subscribing_.end())
    return;
  end_span(filter);
  std::erase(filters_, filter);
  std::string payload;
  mqtt::append_entry(payload, filter);
  const std::uint16_t packet_id = fresh_packet_id();
  subscribing_.push_back({packet_id, true, filter});
  mqtt::append(output_, mqtt::Unsubscribe{.packet_id = packet_id, .payload = as_bytes(payload)},
               form_.version);
  history_.note(form_.id, fmt::format("unsubscribes {}", filter));
}

void ModelClient::on_subscribe_ack(const mqtt::Frame& frame) {
  const auto packet = mqtt::decode_subscribe_ack(frame, form_.version);
  if (!packet) return complain("gets a SUBACK that cannot be read");
  const auto at = std::ranges::find(subscribing_, packet->packet_id, &PendingSubscribe::packet_id);
  if (at == subscribing_.end() || at->is_unsubscribe != (packet->type == PacketType::unsuback))
    return complain("gets a SUBACK or UNSUBACK that it does not wait for");
  const PendingSubscribe asked = *at;
  subscribing_.erase(at);
  history_.note(form_.id,
                fmt::format("has {}subscribed {}", asked.is_unsubscribe ? "un" : "", asked.filter));
  if (asked.is_unsubscribe) return;
  if (packet->reasons.size() != 1 || packet->reasons[0] != static_cast<std::byte>(asked.qos))
    return complain("gets a SUBACK that grants something else");
  for (SubscriptionSpan& span : session().subscriptions) {
    if (span.filter == asked.filter && span.until == never) span.from = history_.now();
  }
}

}  // namespace mqz::simulation
