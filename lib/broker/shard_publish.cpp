// PUBLISH of a client, and the way of every message to its receivers (3.3, 4.3).
#include <algorithm>

#include "lib/base/rules.h"
#include "lib/broker/shard.h"
#include "lib/mqtt/topic.h"

namespace mqz::broker {
namespace {

using mqtt::PropertyId;
using mqtt::Qos;
using mqtt::Reason;

// Do receivers see the properties as they came? Alias and expiry are this hop's, and are written
// anew.
bool are_forwarded_as_is(mqtt::PropertyView properties) {
  for (const mqtt::Property& property : properties) {
    if (property.id == PropertyId::topic_alias ||
        property.id == PropertyId::message_expiry_interval)
      return false;
  }
  return true;
}

bool is_only_alias(mqtt::PropertyView properties) {
  return properties.bytes().size() == 3 &&
         properties.bytes()[0] == static_cast<std::byte>(PropertyId::topic_alias);
}

}  // namespace

bool Shard::resolve_alias(Connection& connection, mqtt::Publish& packet) {
  const auto alias = packet.properties.number(PropertyId::topic_alias);
  if (!alias) return true;
  if (*alias == 0 || (MQZ_RULE(alias_maximum) && *alias > connection.settings->topic_alias_max)) {
    refuse(connection, Reason::topic_alias_invalid);  // [MQTT-3.3.2-9]
    return false;
  }
  if (!connection.aliases_in) connection.aliases_in = std::make_unique<TopicAliases>();
  auto& topics = connection.aliases_in->topics;
  if (topics.size() < *alias) topics.resize(*alias);
  std::string& known = topics[*alias - 1];
  if (!packet.topic.empty()) {
    known = packet.topic;
  } else if (known.empty()) {
    refuse(connection, Reason::protocol_error);  // [MQTT-3.3.4-6]: an alias never set
    return false;
  }
  packet.topic = known;
  return true;
}

// A publish that is not carried out, though the connection goes on. 3.x clients see success.
std::optional<Reason> Shard::refuse_publish(const mqtt::Publish& packet) const {
  if (packet.topic.starts_with("$SYS/")) return Reason::not_authorized;
  if (packet.payload.size() > settings_.message_bytes_max) return Reason::quota_exceeded;
  if (packet.topic.size() >= settings_.topic_levels_max &&
      mqtt::level_count(packet.topic) > settings_.topic_levels_max) {
    return Reason::topic_name_invalid;
  }
  return std::nullopt;
}

void Shard::on_publish(Connection& connection, const mqtt::Frame& frame) {
  auto packet = mqtt::decode_publish(frame, connection.version);
  if (!packet) return refuse(connection, packet.error());
  ++counters_.publishes_received;
  MonoTime expires = MonoTime::max();
  bool as_is = true;
  if (!packet->properties.empty()) {
    if (packet->properties.has(PropertyId::subscription_identifier)) {
      return refuse(connection, Reason::protocol_error);  // only a server's [MQTT-3.3.4-6]
    }
    if (!resolve_alias(connection, *packet)) return;
    if (is_only_alias(packet->properties)) packet->properties = {};
    as_is = are_forwarded_as_is(packet->properties);
  }
  if (packet->qos > connection.settings->qos_max)
    return refuse(connection, Reason::qos_not_supported);
  if (packet->retain && !settings_.retain_available)
    return refuse(connection, Reason::retain_not_supported);

  Session& session = *connection.session;
  if (packet->qos != Qos::at_most_once) {
    if (is_withheld(connection, packet->packet_id)) return;
    const bool repeats = MQZ_RULE(qos2_once) && packet->qos == Qos::exactly_once &&
                         session.received.contains(packet->packet_id);
    if (repeats && session.durable) {
      return propose({.connection = connection.id,
                      .session = session.id,
                      .what = RepeatRecord{packet->packet_id}});
    }
    if (repeats) {
      return write_ack(connection, mqtt::PacketType::pubrec, packet->packet_id, Reason::success);
    }
    if (MQZ_RULE(server_receive_maximum) && connection.version == mqtt::Version::v5 &&
        connection.received_unanswered >= settings_.receive_max) {
      return refuse(connection, Reason::receive_maximum_exceeded);  // [MQTT-3.3.4-7]
    }
    ++connection.received_unanswered;
  }
  if (const auto reason = refuse_publish(*packet)) {
    // Its identifier is not kept: if it comes again, it is refused again.
    const bool v5 = connection.version == mqtt::Version::v5;
    return answer_publish(connection, packet->qos, packet->packet_id,
                          v5 ? *reason : Reason::success);
  }
  if (packet->qos == Qos::exactly_once) session.received.insert(packet->packet_id);
  if (as_is) {
    Routed message(packet->topic, packet->properties, packet->payload, packet->qos, packet->retain,
                   expires);
    return publish(message, &session, &connection, packet->packet_id);
  }
  Routed message(MessageRef::copy_of(*packet, now_.mono));
  publish(message, &session, &connection, packet->packet_id);
}

// PUBACK or PUBREC. A refused QoS 2 is over with its PUBREC; an accepted one with its PUBCOMP.
void Shard::answer_publish(Connection& connection, Qos qos, std::uint16_t packet_id,
                           Reason reason) {
  if (qos == Qos::at_most_once) return;
  if (!MQZ_RULE(puback) && qos == Qos::at_least_once) return;
  const bool is_over = qos == Qos::at_least_once || mqtt::is_failure(reason);
  if (is_over && connection.received_unanswered > 0) --connection.received_unanswered;
  write_ack(connection,
            qos == Qos::at_least_once ? mqtt::PacketType::puback : mqtt::PacketType::pubrec,
            packet_id, reason);
}

// Does it need a place in the sequence?
bool Shard::needs_place(const Routed& message, const Route& route, const Session* publisher,
                        const Connection* connection, std::uint64_t will_claim) const {
  if (message.retain()) return true;
  if (message.qos() == Qos::at_most_once) return false;
  if (route.has_durable || (route.elsewhere >> durable_interest) != 0 || will_claim != 0)
    return true;
  if (connection == nullptr) return false;
  if (message.qos() == Qos::exactly_once && publisher->durable) return true;
  // Behind what waits for its place, though nobody durable wants this one: in order.
  return connection->publishes_proposed > 0 || connection->withheld != nullptr;
}

// Receivers whose sessions end with their connections are fed now; the others, and the retained
// value, when the message has its place in the sequence. The publisher's answer waits for that only
// if there is something to wait for.
void Shard::publish(Routed& message, Session* publisher, Connection* connection,
                    std::uint16_t packet_id, std::uint64_t will_claim) {
  const Route& route = routes_.find(message.topic(), publisher);
  const bool has_qos = message.qos() != Qos::at_most_once;
  const bool durable_elsewhere = (route.elsewhere >> durable_interest) != 0;
  const bool has_place = needs_place(message, route, publisher, connection, will_claim);
  const bool deletes = message.retain() && message.payload().empty();
  if (has_place && is_journal_full_ && connection != nullptr && !deletes)
    return refuse_for_room(message, *publisher, *connection, packet_id);
  bool matched = feed_live(message, route, has_place);
  for (ShardIndex to = 0; to < options_.count && route.elsewhere != 0; ++to) {
    if (to == options_.index || ((route.elsewhere >> to) & 1U) == 0) continue;
    // What had a place before this one comes there from the front, perhaps later.
    const std::uint64_t behind = has_qos && !has_place ? places_applied_ : 0;
    send_mail(to, RouteMail{message.block(), has_place, behind});
    matched = true;
  }
  if (has_place) {
    if (has_qos && connection != nullptr) ++connection->publishes_proposed;
    if (message.qos() == Qos::exactly_once && connection != nullptr && publisher->durable)
      received_proposed_.emplace(publisher->id.slot, publisher->id.generation, packet_id);
    return propose(
        {.connection = connection != nullptr ? connection->id : SlotId{},
         .session = publisher != nullptr ? publisher->id : SlotId{},
         .what = PublishRecord{message.block(), packet_id,
                               matched || route.has_durable || durable_elsewhere, will_claim}});
  }
  if (connection == nullptr || !has_qos) return;
  answer_publish(*connection, message.qos(), packet_id,
                 matched || connection->version != mqtt::Version::v5
                     ? Reason::success
                     : Reason::no_matching_subscribers);
}

// True when somebody here is to get it, now or when it is applied. What comes again as a record is
// left to that for all durable sessions and all groups, whatever their QoS: what they subscribe,
// and who is in a group, may change in between, and each of them is fed exactly once.
bool Shard::feed_live(Routed& message, const Route& route, bool has_place) {
  const bool is_applied = MQZ_RULE(fed_once) && has_place && message.qos() != Qos::at_most_once;
  for (const Receiver& receiver : route.receivers) {
    if (receiver.session->durable && is_applied) continue;
    // Without a place its publisher did not know of a durable session that has just subscribed.
    const Qos granted = MQZ_RULE(granted_qos) ? receiver.qos : message.qos();
    const Qos qos =
        receiver.session->durable ? Qos::at_most_once : std::min(message.qos(), granted);
    DeliveryForm form{
        .qos = qos,
        .retain = message.retain() && (receiver.retain_as_published || !MQZ_RULE(retain_flag))};
    if (receiver.more.empty()) {
      if (receiver.identifier != 0) form.identifiers = {&receiver.identifier, 1};
      deliver(*receiver.session, message, form);
    } else {
      std::vector<std::uint32_t> identifiers{receiver.identifier};
      identifiers.insert(identifiers.end(), receiver.more.begin(), receiver.more.end());
      form.identifiers = identifiers;
      deliver(*receiver.session, message, form);
    }
    if (message.retain() && !reads_.empty()) note_passed(*receiver.session, message.topic());
  }
  bool matched = !route.receivers.empty();
  for (Group* group : route.groups) {
    matched |= is_applied || feed_group(*group, message);
  }
  return matched;
}

// The message has its place: durable sessions get it, it becomes the retained value, and its
// publisher hears of it.
void Shard::apply_publish(const Record& record, const PublishRecord& publish) {
  ++places_applied_;
  Routed message(publish.message);
  const bool is_here = record.shard == options_.index;
  if (publish.will_claim != 0) wills_owed_.erase(publish.will_claim);
  if (message.qos() != Qos::at_most_once) {
    const Session* publisher = is_here ? sessions_.find(record.session) : nullptr;
    const Route& route = routes_.find(message.topic(), publisher);
    for (const Receiver& receiver : route.receivers) {
      const Qos qos = std::min(message.qos(), receiver.qos);
      if (!receiver.session->durable || is_reflected(*receiver.session, record.position)) continue;
      std::vector<std::uint32_t> identifiers;
      if (receiver.identifier != 0) identifiers.push_back(receiver.identifier);
      identifiers.insert(identifiers.end(), receiver.more.begin(), receiver.more.end());
      deliver(*receiver.session, message,
              {.qos = qos,
               .retain = message.retain() && receiver.retain_as_published,
               .identifiers = identifiers,
               .place = &record.place});
      if (!message.retain()) continue;
      if (!reads_.empty()) note_passed(*receiver.session, message.topic());
      if (qos == Qos::at_most_once) continue;
      if (!receiver.session->reads_owed) continue;
      for (OwedRead& owed : receiver.session->reads_owed.use()) owed.given.emplace(message.topic());
    }
    for (Group* group : route.groups) feed_group(*group, message, &record);
  }
  if (message.retain() && is_front()) set_retained(publish.message);
  if (!is_here || publish.packet_id == 0) return;
  if (is_replaying_) return note_received(record, publish);
  if (!received_proposed_.empty())
    received_proposed_.erase({record.session.slot, record.session.generation, publish.packet_id});
  Connection* connection = connections_.find(record.connection);
  if (connection == nullptr || connection->state != ConnectionState::open) return;
  --connection->publishes_proposed;
  answer_publish(*connection, message.qos(), publish.packet_id,
                 publish.matched_live || connection->version != mqtt::Version::v5
                     ? Reason::success
                     : Reason::no_matching_subscribers);
}

}  // namespace mqz::broker
