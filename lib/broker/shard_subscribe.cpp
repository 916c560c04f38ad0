// SUBSCRIBE and UNSUBSCRIBE, and how the other shards learn what is wanted here (3.8 to 3.11).
#include <bit>

#include "lib/base/rules.h"
#include "lib/broker/shard.h"
#include "lib/mqtt/topic.h"

namespace mqz::broker {

using mqtt::Reason;

Reason Shard::check_entry(const Connection& connection, const mqtt::SubscribeEntry& entry,
                          std::size_t accepted) const {
  if (!mqtt::is_valid_filter(entry.filter)) return Reason::topic_filter_invalid;
  if (entry.filter.size() >= settings_.topic_levels_max &&
      mqtt::level_count(entry.filter) > settings_.topic_levels_max) {
    return Reason::topic_filter_invalid;
  }
  Session& session = *connection.session;
  const std::size_t filters = session.subscriptions.size() + session.shared->size() + accepted;
  if (filters < settings_.filters_per_session_max) return Reason::success;
  const bool is_replaced =
      subscriptions_.has(session, entry.filter) || session.has_shared(entry.filter);
  return is_replaced ? Reason::success : Reason::quota_exceeded;
}

void Shard::on_subscribe(Connection& connection, const mqtt::Frame& frame) {
  const auto packet = mqtt::decode_subscribe(frame, connection.version);
  if (!packet) return refuse(connection, packet.error());
  // It subscribes again and again and does not read what it asks for.
  if (connection.session->open_reads >= settings_.filters_per_session_max) {
    return refuse(connection, Reason::quota_exceeded);
  }
  SubscribeRecord record{.packet_id = packet->packet_id};
  record.identifier =
      packet->properties.number(mqtt::PropertyId::subscription_identifier).value_or(0);
  auto entries = packet->entries();
  std::size_t accepted = 0;
  while (const auto entry = entries.next()) {
    record.refused.push_back(check_entry(connection, *entry, accepted));
    if (record.refused.back() == Reason::success) ++accepted;
    record.entries.push_back({std::string(entry->filter), entry->options});
    if (connection.is_bridge) {
      record.entries.back().options.retain_as_published = true;
      record.entries.back().options.no_local = true;
    }
    record.entries.back().options.qos = std::min(entry->options.qos, connection.settings->qos_max);
  }
  Session& session = *connection.session;
  if (session.durable) {
    return propose({.connection = connection.id, .session = session.id, .what = std::move(record)});
  }
  subscribe(session, &connection, record);
}

// Takes effect: routes first, then the SUBACK, then the retained messages.
void Shard::subscribe(Session& session, Connection* connection, const SubscribeRecord& record) {
  Settlement settlement{.packet_id = record.packet_id};
  bool others_changed = false;
  const bool v5 = connection == nullptr || connection->version == mqtt::Version::v5;
  for (std::size_t index = 0; index < record.entries.size(); ++index) {
    if (record.refused[index] != Reason::success) {
      settlement.reasons.push_back(
          static_cast<char>(v5 ? record.refused[index] : Reason::unspecified_error));
      continue;
    }
    others_changed |=
        add_subscription(session, record.entries[index], record.identifier, settlement.reads);
    settlement.reasons.push_back(static_cast<char>(record.entries[index].options.qos));
    if (!is_replaying_)
      log_subscription(session, record.entries[index].filter,
                       static_cast<int>(record.entries[index].options.qos));
  }
  if (connection != nullptr) settlement.connection = connection->id;
  settle(std::move(settlement), others_changed);
}

// True when other shards have to know.
bool Shard::add_subscription(Session& session, const OwnedEntry& entry, std::uint32_t identifier,
                             std::vector<std::uint64_t>& reads) {
  if (mqtt::is_shared(entry.filter)) {
    join_group(session, entry, identifier);
    return true;
  }
  const Subscriptions::Change change =
      subscriptions_.put(session, {entry.filter, entry.options}, identifier);
  announce(change, entry.filter);
  const std::uint8_t handling = entry.options.retain_handling;
  const bool is_news = handling == 1 && !(MQZ_RULE(retain_handling) && change.existed);
  if (handling == 0 || is_news) {
    const OwedRead wanted = begin_read(session, entry, identifier);
    if (!is_replaying_) reads.push_back(add_read(session, wanted));
  }
  return change.first || change.durable_first;
}

void Shard::announce(const Subscriptions::Change& change, std::string_view filter) {
  if (is_alone()) return;
  const auto tell = [&](bool add, bool is_durable) {
    send_mail_to_others(InterestMail{std::string(filter), add, is_durable});
  };
  if (change.first) tell(true, false);
  if (change.durable_first) tell(true, true);
  if (change.durable_last) tell(false, true);
  if (change.last) tell(false, false);
}

void Shard::on_unsubscribe(Connection& connection, const mqtt::Frame& frame) {
  const auto packet = mqtt::decode_unsubscribe(frame, connection.version);
  if (!packet) return refuse(connection, packet.error());
  UnsubscribeRecord record{.packet_id = packet->packet_id};
  auto entries = packet->entries();
  while (const auto filter = entries.next()) {
    record.refused.push_back(mqtt::is_valid_filter(*filter) ? Reason::success
                                                            : Reason::topic_filter_invalid);
    record.filters.emplace_back(*filter);
  }
  Session& session = *connection.session;
  if (session.durable) {
    return propose({.connection = connection.id, .session = session.id, .what = std::move(record)});
  }
  unsubscribe(session, &connection, record);
}

void Shard::unsubscribe(Session& session, Connection* connection, const UnsubscribeRecord& record) {
  std::string reasons;
  for (std::size_t index = 0; index < record.filters.size(); ++index) {
    Reason reason = record.refused[index];
    if (reason == Reason::success && !drop_subscription(session, record.filters[index])) {
      reason = Reason::no_subscription_existed;
    }
    reasons.push_back(static_cast<char>(reason));
  }
  if (connection == nullptr) return;
  write(*connection, mqtt::SubscribeAck{.type = mqtt::PacketType::unsuback,
                                        .packet_id = record.packet_id,
                                        .reasons = as_bytes(reasons)});
}

bool Shard::drop_subscription(Session& session, std::string_view filter) {
  if (mqtt::is_shared(filter)) {
    if (!session.has_shared(filter)) return false;
    return_unacknowledged(session, filter);
    leave_group(session, filter);
    return true;
  }
  if (!MQZ_RULE(unsubscribe)) return true;
  drop_reads(session, filter);
  const Subscriptions::Change change = subscriptions_.remove(session, filter);
  announce(change, filter);
  return change.existed;
}

void Shard::settle(Settlement settlement, bool others_changed) {
  // A filter that is not new here may be one that others are only being told of.
  const bool others_are_told = MQZ_RULE(suback_behind) && !settlements_.empty();
  const bool waits = MQZ_RULE(suback_waits) && (others_changed || others_are_told);
  if (!waits || is_alone()) return complete(settlement);
  const std::uint64_t token = ++last_token_;
  settlement.waiting = static_cast<std::size_t>(std::popcount(active_)) - 1;
  const bool is_slice = static_cast<bool>(settlement.slice) || settlement.read;
  settlements_.emplace(token, std::move(settlement));
  for (ShardIndex to = 0; to < options_.count; ++to) {
    // The front may have to tell others first (a group it has made); it answers when they know.
    if (to != options_.index && (active_ & bit_of(to)) != 0)
      send_mail(to, SettleMail{token, to == front_shard && !is_slice});
  }
}

void Shard::on_settle(ShardIndex from, const SettleMail& mail) {
  if (!mail.is_deep) return send_mail(from, SettledMail{mail.token});
  settle({.asker = from, .asker_token = mail.token}, true);
}

void Shard::on_settled(const SettledMail& mail) {
  const auto at = settlements_.find(mail.token);
  if (at == settlements_.end() || --at->second.waiting > 0) return;
  Settlement settlement = std::move(at->second);
  settlements_.erase(at);
  complete(settlement);
}

void Shard::complete(Settlement& settlement) {
  if (settlement.read) return find_committed(*settlement.read);
  if (settlement.slice) return take_slice(std::move(*settlement.slice));
  if (settlement.newcomer) return finish_activation(*settlement.newcomer);
  if (settlement.asker) return send_mail(*settlement.asker, SettledMail{settlement.asker_token});
  Connection* connection = connections_.find(settlement.connection);
  if (connection != nullptr && connection->state == ConnectionState::open) {
    write(*connection, mqtt::SubscribeAck{.type = mqtt::PacketType::suback,
                                          .packet_id = settlement.packet_id,
                                          .reasons = as_bytes(settlement.reasons)});
  }
  for (const std::uint64_t token : settlement.reads) start_read(token);
}

}  // namespace mqz::broker
