// Shared subscriptions (4.8.2): joining and leaving from any shard, picking on the front.
#include <algorithm>

#include "lib/base/rules.h"
#include "lib/broker/shard.h"
#include "lib/broker/shard_restore.h"
#include "lib/mqtt/topic.h"

namespace mqz::broker {

using mqtt::Qos;

namespace {

GroupJoinMail join_of(const GroupMember& member, const OwnedEntry& entry,
                      std::uint32_t identifier) {
  return {.member = member,
          .filter = entry.filter,
          .qos = entry.options.qos,
          .identifier = identifier,
          .retain_as_published = entry.options.retain_as_published};
}

template <typename Visit>
void for_each_shared(const SubscribeRecord& record, const Visit& visit) {
  for (std::size_t index = 0; index < record.entries.size(); ++index) {
    const OwnedEntry& entry = record.entries[index];
    if (record.refused[index] == mqtt::Reason::success && mqtt::is_shared(entry.filter))
      visit(entry);
  }
}

}  // namespace

void Shard::join_group(Session& session, const OwnedEntry& entry, std::uint32_t identifier) {
  auto& shared = session.shared.use();
  const auto known = std::ranges::find(shared, entry.filter, &SharedMembership::filter);
  SharedMembership membership{entry.filter, entry.options, identifier};
  if (known == shared.end()) {
    shared.push_back(std::move(membership));
  } else {
    *known = std::move(membership);
  }
  GroupJoinMail join = join_of({options_.index, session.id}, entry, identifier);
  join.durable = session.durable;
  join.position = session.durable ? applied_ : 0;
  if (is_front()) return on_group_join(join);
  if (!session.durable || is_replaying_) send_mail(front_shard, std::move(join));
}

// The front's: durable sessions of other shards are members from the record on, before their shards
// have it. So a replay finds the same members in each place.
void Shard::note_joins(const Record& record) {
  const auto* subscribe = std::get_if<SubscribeRecord>(&record.what);
  if (subscribe == nullptr || record.shard == options_.index) return;
  for_each_shared(*subscribe, [&](const OwnedEntry& entry) {
    GroupJoinMail join = join_of({record.shard, record.session}, entry, subscribe->identifier);
    join.durable = true;
    join.position = record.position;
    on_group_join(join);
  });
}

// The session that this is for has ended meanwhile; the front has it in its groups.
void Shard::leave_joined(const Record& record, const SubscribeRecord& subscribe) {
  if (is_front() || is_replaying_) return;
  for_each_shared(subscribe, [&](const OwnedEntry& entry) {
    const GroupMember gone{options_.index, record.session};
    send_mail(front_shard, GroupLeaveMail{gone, entry.filter, record.position});
  });
}

void Shard::leave_group(Session& session, std::string_view filter) {
  GroupLeaveMail leave{
      {options_.index, session.id}, std::string(filter), session.durable ? applied_ : 0};
  std::erase_if(session.shared.use(),
                [&](const SharedMembership& one) { return one.filter == leave.filter; });
  if (is_front()) return on_group_leave(leave);
  send_mail(front_shard, std::move(leave));
}

void Shard::tell_presence(Session& session, bool present) {
  if (!session.durable) return;
  for (const SharedMembership& one : *session.shared) {
    GroupPresenceMail mail{{options_.index, session.id}, one.filter, present};
    if (is_front()) {
      groups_.set_presence(mail);
    } else {
      send_mail(front_shard, std::move(mail));
    }
  }
}

void Shard::on_group_join(const GroupJoinMail& mail) {
  const Groups::Change change = groups_.join(mail);
  if (is_alone()) return;
  const std::string filter(mqtt::parse_shared(mail.filter)->filter);
  if (change.first) send_mail_to_others(InterestMail{filter, true, false});
  if (change.durable_first) send_mail_to_others(InterestMail{filter, true, true});
}

void Shard::on_group_leave(const GroupLeaveMail& mail) {
  const Groups::Change change = groups_.leave(mail);
  if (change.last && !is_replaying_) give_up_shares(mail.filter);
  if (is_alone()) return;
  const std::string filter(mqtt::parse_shared(mail.filter)->filter);
  if (change.durable_last) send_mail_to_others(InterestMail{filter, false, true});
  if (change.last) send_mail_to_others(InterestMail{filter, false, false});
}

bool Shard::is_recorded(const Group& group, std::uint64_t origin) const {
  return origin != 0 && (group.durable_count() > 0 || shares_owed_.contains(group.filter, origin));
}

// Records that are older know nothing of it.
void Shard::owe_share(const std::string& filter, std::uint64_t origin, QueuedMessage message,
                      std::uint32_t cost) {
  shares_owed_.owe(filter, origin, {std::move(message), cost, applied_});
}

void Shard::give_up_share(const std::string& filter, std::uint64_t origin) {
  shares_owed_.erase(filter, origin);
  propose({.what = GroupTakenRecord{filter, origin}});
}

// The group has no members any more.
void Shard::give_up_shares(const std::string& filter) {
  for (const std::uint64_t origin : shares_owed_.of(filter)) give_up_share(filter, origin);
}

// A new message. With durable members it is owed until a record says who has it, or that nobody is
// to have it. False when nobody can take it.
bool Shard::feed_group(Group& group, Routed& message, const Record* record) {
  const std::uint64_t origin = record == nullptr ? 0 : record->position;
  const bool is_owed = is_recorded(group, origin);
  if (!is_replaying_ && !(is_owed && returns_.must_wait(group)))
    return give_share(group, message, origin);
  // What older messages became, the snapshot knows.
  const bool is_news = restored_ == nullptr || origin > restored_->end_stamp;
  if (!is_owed || !is_news) return true;
  const QueuedMessage kept =
      record->place ? QueuedMessage(record->place) : QueuedMessage(message.block());
  const std::uint32_t cost = cost_of(message.text_bytes());
  owe_share(group.filter, origin, kept, cost);
  if (!is_replaying_) returns_.add(group, {kept, cost, origin});
  return true;
}

// To the member whose turn it is. False when nobody can take it.
bool Shard::give_share(Group& group, Routed& message, std::uint64_t origin,
                       const GroupMember* not_to) {
  const Membership* chosen = nullptr;
  if (message.expires() > now_.mono)
    chosen = group.pick(message.qos() != Qos::at_most_once, not_to);
  const bool is_owed = is_recorded(group, origin);
  if (is_owed && chosen != nullptr && chosen->qos != Qos::at_most_once) {
    owe_share(group.filter, origin, message.block(), cost_of(message.text_bytes()));
  } else if (is_owed) {
    give_up_share(group.filter, origin);
  }
  if (chosen == nullptr) return false;
  GroupDeliverMail mail{
      .session = chosen->member.session,
      .group = group.id,
      .message = message.block(),
      .qos = MQZ_RULE(shared_qos) ? std::min(message.qos(), chosen->qos) : message.qos(),
      .retain = message.retain() && chosen->retain_as_published,
      .identifier = chosen->identifier,
      .origin = origin};
  if (is_owed) mail.filter = group.filter;
  if (chosen->member.shard == options_.index) {
    on_group_deliver(options_.index, std::move(mail));
  } else {
    send_mail(chosen->member.shard, std::move(mail));
  }
  return true;
}

void Shard::on_group_deliver(ShardIndex, GroupDeliverMail mail) {
  Session* session = sessions_.find(mail.session);
  if (session == nullptr) {
    const std::uint32_t cost = cost_of(mail.message->text_bytes());
    return return_to_group({mail.group,
                            {options_.index, mail.session},
                            {{std::move(mail.message), cost, mail.origin}}});
  }
  // At QoS 2 it is this member's alone once it has begun [MQTT-4.8.2-5]: that must outlast the
  // broker, whose next life would give it to another member.
  const bool is_taken_first = !mail.filter.empty() && mail.qos == Qos::exactly_once;
  if (is_taken_first || (session->durable && mail.qos != Qos::at_most_once)) {
    return propose({.session = session->id,
                    .what = DeliverRecord{.message = std::move(mail.message),
                                          .qos = mail.qos,
                                          .retain = mail.retain,
                                          .identifier = mail.identifier,
                                          .group = mail.group,
                                          .filter = std::move(mail.filter),
                                          .origin = mail.origin}});
  }
  Routed message(std::move(mail.message));
  DeliveryForm form{.qos = mail.qos,
                    .retain = mail.retain,
                    .group = mail.group,
                    .filter = mail.filter,
                    .origin = mail.origin};
  if (mail.identifier != 0) form.identifiers = {&mail.identifier, 1};
  deliver(*session, message, form);
}

void Shard::return_to_group(GroupReturnMail mail) {
  if (is_front()) return returns_.take(std::move(mail));
  send_mail(front_shard, std::move(mail));
}

// A member leaves: what it was picked for and has not acknowledged goes to the others. An empty
// filter means all groups.
void Shard::return_unacknowledged(Session& session, std::string_view only_filter) {
  if (!session.took_shares || (is_replaying_ && !only_filter.empty())) return;
  // Only the front knows which group a message came by. What waits for a client that stays and is
  // in several groups elsewhere goes to it, as it may [MQTT-3.10.4-3].
  if (!only_filter.empty() && !is_front() && session.shared->size() > 1) return;
  if (is_replaying_ && session.durable && session.is_online) session.send.interrupt();
  const GroupMember leaving{options_.index, session.id};
  GroupReturnMail back{.not_to = leaving};
  for (std::uint64_t position = session.send.begin_position();
       position < session.send.end_position(); ++position) {
    if (!is_returned(session, position, only_filter)) continue;
    const Outgoing& outgoing = session.send.at(position);
    const SlotId group = outgoing.extra->group();
    if (back.group != group && !back.shares.empty())
      return_to_group(std::exchange(back, {.not_to = leaving}));
    back.group = group;
    back.shares.push_back({outgoing.message, outgoing.cost, outgoing.extra->origin});
    if (!only_filter.empty()) done_with(session, position, Settled::returned);
  }
  if (!back.shares.empty()) return_to_group(std::move(back));
}

bool Shard::is_returned(const Session& session, std::uint64_t position,
                        std::string_view only_filter) const {
  const Outgoing& outgoing = session.send.at(position);
  if (!outgoing.extra || !outgoing.extra->group().is_valid() || !outgoing.message) return false;
  if (outgoing.state >= SendState::done) return false;
  // A QoS 2 delivery that has begun is this member's alone [MQTT-4.8.2-5]; perhaps in an earlier
  // life of the broker.
  const bool has_begun = outgoing.state != SendState::queued || session.send.was_sent(position);
  if (MQZ_RULE(shared_qos2) && outgoing.qos == Qos::exactly_once && has_begun) return false;
  if (only_filter.empty()) return true;
  // Only what still waits can be taken back from a client that stays.
  if (outgoing.state != SendState::queued) return false;
  if (!is_front()) return true;
  const Group* group = groups_.find(outgoing.extra->group());
  return group != nullptr && group->filter == only_filter;
}

}  // namespace mqz::broker
