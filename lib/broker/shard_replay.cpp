// How a shard comes to the state that an earlier life of the broker left in its journal. While it
// replays it has no clients, proposes nothing and tells no other shard what it wants.
#include "lib/broker/shard.h"
#include "lib/broker/shard_restore.h"
#include "lib/broker/snapshot_run.h"

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
  if (auto* delivery = std::get_if<DeliverRecord>(&record.what);
      delivery && delivery->owed_read != 0) {
    const MessageRef* value = retained_.find(delivery->message->topic());
    const bool is_newest =
        value != nullptr && as_text((*value)->payload()) == as_text(delivery->message->payload());
    if (!is_newest) delivery->read = read_of_earlier_life;
  }
  if (auto* delivery = std::get_if<DeliverRecord>(&record.what);
      delivery && delivery->origin != 0) {
    if (const Group* group = groups_.find(delivery->filter)) delivery->group = group->id;
  }
}

// Which share is no longer owed.
void Shard::forget_share(const Record& record) {
  if (const auto* delivery = std::get_if<DeliverRecord>(&record.what))
    shares_owed_.erase({delivery->filter, delivery->origin});
  if (const auto* taken = std::get_if<GroupTakenRecord>(&record.what))
    shares_owed_.erase({taken->filter, taken->origin});
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
    return_to_group({outgoing.extra->group,
                     outgoing.message,
                     {options_.index, session.id},
                     outgoing.extra->origin});
  }
  session.send.finish(record.position);
  session.send.retire(record.position);
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
  // The record that they are settled was lost.
  sessions_.for_each([&](Session& session) {
    for (auto at = session.send.begin_position(); at < session.send.end_position(); ++at) {
      if (session.send.at(at).state == SendState::done)
        propose({.session = session.id, .what = SettleRecord{Settled::finished, at}});
    }
  });
  if (!is_front()) return;
  propose({.what = StartRecord{.time = now_.wall,
                               .queue_bytes_max = settings_.queue_bytes_max,
                               .queue_messages_max = settings_.queue_messages_max}});
}

void Shard::propose_owed() {
  restored_.reset();
  const auto wills = wills_owed_;  // each is owed until its record is applied
  for (const auto& [claim, will] : wills) publish_will(will, nullptr, claim);
  for (auto& [key, message] : std::exchange(shares_owed_, {})) {
    Group* group = groups_.find(key.first);
    Routed routed(message);
    if (group != nullptr) feed_group(*group, routed, key.second);
  }
  sessions_.for_each([&](Session& session) { read_again(session); });
}

}  // namespace mqz::broker
