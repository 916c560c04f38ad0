// How a shard comes to the state that an earlier life of the broker left in its journal. While it
// replays it has no clients, proposes nothing and tells no other shard what it wants.
#include "lib/base/rules.h"
#include "lib/broker/shard.h"
#include "lib/broker/shard_restore.h"

namespace mqz::broker {

void Shard::begin_replay() {
  is_replaying_ = true;
  active_ = bit_of(options_.index);
}

ShardIndex Shard::restore_place(const ConnectRecord& record, ShardIndex wanted) {
  return directory_.restore(record.client_id, wanted, record.claim);
}

namespace {

// Of a read of retained messages that nobody has any more.
constexpr std::uint64_t read_of_earlier_life = UINT64_MAX;

}  // namespace

// The front's part in what concerns a session anywhere: which shares are no longer owed, and which
// retained values had been followed by newer ones when they had their place; see is_still_due.
void Shard::note_replayed(Record& record) {
  forget_share(record);
  note_topic(record);
  auto* delivery = std::get_if<DeliverRecord>(&record.what);
  if (delivery == nullptr) return;
  if (delivery->owed_read != 0 && !is_newest(*delivery, record.position))
    delivery->read = read_of_earlier_life;
  if (delivery->origin == 0) return;
  if (const Group* group = groups_.find(delivery->filter)) delivery->group = group->id;
}

// Was it the retained value then? What the snapshot says may be newer.
bool Shard::is_newest(const DeliverRecord& delivery, std::uint64_t position) const {
  const std::string_view topic = delivery.message->topic();
  if (restored_ != nullptr && position <= restored_->end_stamp &&
      !restored_->replayed_topics.contains(std::string(topic))) {
    return true;
  }
  const MessageRef* value = retained_.find(topic);
  return value != nullptr && as_text((*value)->payload()) == as_text(delivery.message->payload());
}

void Shard::note_topic(const Record& record) {
  if (restored_ == nullptr || record.position > restored_->end_stamp) return;
  const auto* publish = std::get_if<PublishRecord>(&record.what);
  if (publish != nullptr && publish->message->retain())
    restored_->replayed_topics.emplace(publish->message->topic());
}

// Which share is no longer owed.
void Shard::forget_share(const Record& record) {
  if (const auto* delivery = std::get_if<DeliverRecord>(&record.what))
    shares_owed_.forget(delivery->filter, delivery->origin, record.position);
  if (const auto* taken = std::get_if<GroupTakenRecord>(&record.what))
    shares_owed_.forget(taken->filter, taken->origin, record.position);
}

// A QoS 2 message of a durable publisher: it has not said PUBREL yet.
void Shard::note_received(const Record& record, const PublishRecord& publish) {
  Session* publisher = sessions_.find(record.session);
  if (publisher == nullptr || is_reflected(*publisher, record.position)) return;
  if (publish.message->qos() == mqtt::Qos::exactly_once)
    publisher->received.insert(publish.packet_id);
}

// An entry of a queue is settled, of which this life knows no more than the record says.
void Shard::resettle(Session& session, const SettleRecord& record) {
  const Outgoing& outgoing = session.send.at(record.position);
  if (record.what == Settled::returned && outgoing.extra && outgoing.message) {
    return_to_group({outgoing.extra->group(),
                     {options_.index, session.id},
                     {{outgoing.message, outgoing.cost, outgoing.extra->origin}}});
  }
  session.send.finish(record.position);
  session.send.settle(record.position, record.ahead);
}

void Shard::end_replay(std::uint64_t active) {
  is_replaying_ = false;
  const bool is_spread = options_.placement == Placement::spread;
  const std::uint64_t others = is_spread ? bit_of(options_.count) - 1 : active;
  const bool has_part = (others & bit_of(options_.index)) != 0;
  active_ = has_part ? others : bit_of(options_.index);
  for (ShardIndex to = 0; has_part && to < options_.count; ++to) {
    if (to != options_.index && (active_ & bit_of(to)) != 0) tell_everything(to);
  }
  // First of all: positions that records behind it name are those of this life.
  if (is_front()) {
    propose(
        {.what = StartRecord{.time = now_.wall,
                             .queue_bytes_max = settings_.queue_bytes_max,
                             .queue_messages_max = settings_.queue_messages_max,
                             .without = restored_ ? restored_->lost : std::vector<LostRecords>()}});
  }
  // The record that they are settled was lost.
  sessions_.for_each([&](Session& session) {
    for (auto at = session.send.begin_position(); at < session.send.end_position(); ++at) {
      if (session.send.at(at).state == SendState::done)
        propose({.session = session.id, .what = SettleRecord{Settled::finished, at}});
    }
  });
}

void Shard::propose_owed() {
  restored_.reset();
  const auto wills = wills_owed_;  // each is owed until its record is applied
  for (const auto& [claim, will] : wills) publish_will(will, nullptr, claim);
  if (is_front()) returns_.add_owed();
  if (MQZ_RULE(owed_reads)) sessions_.for_each([&](Session& session) { read_again(session); });
}

}  // namespace mqz::broker
