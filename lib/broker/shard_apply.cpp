// Committed records, in their order. Durable state changes here and nowhere else.
#include <algorithm>

#include "lib/broker/shard.h"
#include "lib/broker/shard_restore.h"

namespace mqz::broker {

// One record: a function for each kind. What it is about may be gone by now.
class ShardApply {
 public:
  ShardApply(Shard& shard, Record& record) : shard_(shard), record_(record) {}

  void operator()(PublishRecord& what) const { shard_.apply_publish(record_, what); }
  void operator()(DeliverRecord& what) const { deliver(what); }
  void operator()(GroupTakenRecord&) const {}
  void operator()(ConnectRecord& what) const { connect(what); }
  void operator()(DisconnectRecord& what) const { disconnect(what); }
  void operator()(SubscribeRecord& what) const { subscribe(what); }
  void operator()(UnsubscribeRecord& what) const { unsubscribe(what); }
  void operator()(SettleRecord& what) const { settle(what); }
  void operator()(ReleaseRecord& what) const { release(what); }
  void operator()(RepeatRecord& what) const { repeat(what); }
  void operator()(WillRecord& what) const { will(what); }
  void operator()(EndRecord& what) const { end(what); }
  void operator()(StartRecord& what) const { shard_.apply_start(what); }
  void operator()(ReadDoneRecord& what) const { read_done(what); }
  void operator()(MovedRecord& what) const { shard_.moving_.apply(record_, what); }
  void operator()(ClockRecord& what) const { shard_.clock_ = what; }

 private:
  void deliver(DeliverRecord& delivery) const;
  void give_back(DeliverRecord& delivery) const;
  void connect(const ConnectRecord& connect) const;
  void disconnect(const DisconnectRecord& disconnect) const;
  void subscribe(const SubscribeRecord& subscribe) const;
  void unsubscribe(const UnsubscribeRecord& unsubscribe) const;
  void settle(const SettleRecord& settle) const;
  void release(const ReleaseRecord& release) const;
  void repeat(const RepeatRecord& repeat) const;
  void will(const WillRecord& will) const;
  void end(const EndRecord& end) const;
  void read_done(const ReadDoneRecord& done) const;

  // Null when it is gone; a session also when its client has been back since.
  Session* session() const { return shard_.sessions_.find(record_.session); }
  Session* session_of(std::uint64_t claim) const {
    Session* found = session();
    return found != nullptr && found->claim == claim ? found : nullptr;
  }
  Connection* connection() const {
    Connection* found = shard_.connections_.find(record_.connection);
    return found != nullptr && found->state == ConnectionState::open ? found : nullptr;
  }
  bool is_sure_read(const Session& of, std::uint32_t number) const {
    return shard_.restored_ == nullptr || shard_.restored_->is_sure_read(of, number);
  }

  Shard& shard_;
  Record& record_;
};

void ShardApply::deliver(DeliverRecord& delivery) const {
  Session* to = session();
  if (to == nullptr) return give_back(delivery);
  Routed message(delivery.message);
  DeliveryForm form{.qos = delivery.qos,
                    .retain = delivery.retain,
                    .group = delivery.group,
                    .filter = delivery.filter,
                    .origin = delivery.origin,
                    .is_due = delivery.read == 0 || shard_.is_still_due(delivery),
                    .place = &record_.place};
  if (delivery.identifier != 0) form.identifiers = {&delivery.identifier, 1};
  if (delivery.owed_read != 0 && is_sure_read(*to, delivery.owed_read))
    Shard::note_given(*to, delivery);
  if (to->durable) return shard_.deliver_kept(*to, message, form);
  if (!shard_.is_replaying_) shard_.deliver(*to, message, form);
}

// Its session has ended meanwhile; the group may have others.
void ShardApply::give_back(DeliverRecord& delivery) const {
  if (!delivery.group.is_valid()) return;
  // Nothing is known of a session that ended with an earlier life of the broker.
  if (shard_.is_replaying_ && record_.number == 0) return;
  const GroupMember gone{shard_.options_.index, record_.session};
  const std::uint32_t cost = cost_of(delivery.message->text_bytes());
  shard_.return_to_group(
      {delivery.group, gone, {{std::move(delivery.message), cost, delivery.origin}}});
}

void ShardApply::connect(const ConnectRecord& connect) const {
  const auto proposed = shard_.connects_proposed_.find(connect.client_id);
  if (proposed != shard_.connects_proposed_.end()) shard_.connects_proposed_.erase(proposed);
  Connection* found = shard_.connections_.find(record_.connection);
  if (found == nullptr || found->state != ConnectionState::connecting)
    return shard_.connect_abandoned(connect);
  shard_.open(*found, connect);
}

void ShardApply::disconnect(const DisconnectRecord& disconnect) const {
  if (Session* gone = session_of(disconnect.claim)) shard_.disconnected(*gone, disconnect);
}

void ShardApply::subscribe(const SubscribeRecord& subscribe) const {
  Session* found = session();
  found == nullptr ? shard_.leave_joined(record_, subscribe)
                   : shard_.subscribe(*found, connection(), subscribe);
}

void ShardApply::unsubscribe(const UnsubscribeRecord& unsubscribe) const {
  if (Session* found = session()) shard_.unsubscribe(*found, connection(), unsubscribe);
}

void ShardApply::settle(const SettleRecord& settle) const {
  if (Session* found = session()) shard_.apply_settle(*found, found->connection, settle);
}

void ShardApply::release(const ReleaseRecord& release) const {
  Session* found = session();
  if (found == nullptr) return;
  Connection* to = connection();
  if (to != nullptr && to->session == found) {
    shard_.complete_release(*to, release.packet_id);
  } else {
    found->received.erase(release.packet_id);
  }
}

void ShardApply::repeat(const RepeatRecord& repeat) const {
  if (Connection* to = connection())
    shard_.write_ack(*to, mqtt::PacketType::pubrec, repeat.packet_id, mqtt::Reason::success);
}

void ShardApply::will(const WillRecord& will) const {
  Session* found = session_of(will.claim);
  if (found == nullptr) return;
  shard_.fire_will(*found);
  if (found->expiry_s == 0) shard_.end_session(*found);
}

void ShardApply::end(const EndRecord& end) const {
  Session* found = session_of(end.claim);
  if (found == nullptr) return;
  ++shard_.counters_.sessions_expired;
  shard_.end_session(*found);
}

void ShardApply::read_done(const ReadDoneRecord& done) const {
  Session* found = session();
  if (found == nullptr || !found->reads_owed || !is_sure_read(*found, done.number)) return;
  auto& owed = found->reads_owed.use();
  const auto at = std::ranges::find(owed, done.number, &OwedRead::number);
  if (at != owed.end()) owed.erase(at);
}

void Shard::apply(Record& record) {
  applied_ = std::max(applied_, record.position);
  if (restored_ != nullptr && !record.is_for_all()) {
    const Session* session = sessions_.find(record.session);
    if (session != nullptr && is_reflected(*session, record.position)) return;
  }
  std::visit(ShardApply{*this, record}, record.what);
}

}  // namespace mqz::broker
