// Committed records, in their order. Durable state changes here and nowhere else.
#include <algorithm>

#include "lib/broker/shard.h"

namespace mqz::broker {

void Shard::apply(Record& record) {
  struct Visitor {
    Shard& shard;
    Record& record;

    Session* session() const { return shard.sessions_.find(record.session); }
    Connection* connection() const {
      Connection* found = shard.connections_.find(record.connection);
      return found != nullptr && found->state == ConnectionState::open ? found : nullptr;
    }

    void operator()(PublishRecord& publish) const { shard.apply_publish(record, publish); }

    void operator()(DeliverRecord& delivery) const {
      Session* to = session();
      if (to == nullptr) {  // it has ended meanwhile; the group may have others
        if (!delivery.group.is_valid()) return;
        // Nothing is known of a session that ended with an earlier life of the broker.
        if (shard.is_replaying_ && record.number == 0) return;
        const GroupMember gone{shard.options_.index, record.session};
        return shard.return_to_group(
            {delivery.group, std::move(delivery.message), gone, delivery.origin});
      }
      Routed message(delivery.message);
      DeliveryForm form{.qos = delivery.qos,
                        .retain = delivery.retain,
                        .group = delivery.group,
                        .filter = delivery.filter,
                        .origin = delivery.origin,
                        .is_due = delivery.read == 0 || shard.is_still_due(delivery),
                        .place = &record.place};
      if (delivery.identifier != 0) form.identifiers = {&delivery.identifier, 1};
      if (delivery.owed_read != 0) note_given(*to, delivery);
      if (to->durable) return shard.deliver_kept(*to, message, form);
      if (!shard.is_replaying_) shard.deliver(*to, message, form);
    }

    void operator()(ConnectRecord& connect) const {
      const auto proposed = shard.connects_proposed_.find(connect.client_id);
      if (proposed != shard.connects_proposed_.end()) shard.connects_proposed_.erase(proposed);
      Connection* found = shard.connections_.find(record.connection);
      if (found == nullptr || found->state != ConnectionState::connecting) {
        return shard.connect_abandoned(connect);
      }
      shard.open(*found, connect);
    }

    void operator()(DisconnectRecord& disconnect) const {
      Session* gone = session();
      if (gone != nullptr && gone->claim == disconnect.claim) shard.disconnected(*gone, disconnect);
    }

    void operator()(SubscribeRecord& subscribe) const {
      Session* found = session();
      found == nullptr ? shard.leave_joined(record, subscribe)
                       : shard.subscribe(*found, connection(), subscribe);
    }
    void operator()(UnsubscribeRecord& unsubscribe) const {
      if (Session* found = session()) shard.unsubscribe(*found, connection(), unsubscribe);
    }

    void operator()(SettleRecord& settle) const {
      if (Session* found = session()) shard.apply_settle(*found, found->connection, settle);
    }
    void operator()(GroupTakenRecord&) const {}
    void operator()(MovedRecord& moved) const { shard.moving_.apply(record, moved); }
    void operator()(StartRecord& start) const { shard.apply_start(start); }

    void operator()(ReleaseRecord& release) const {
      Session* found = session();
      if (found == nullptr) return;
      Connection* to = connection();
      if (to != nullptr && to->session == found) {
        shard.complete_release(*to, release.packet_id);
      } else {
        found->received.erase(release.packet_id);
      }
    }
    void operator()(RepeatRecord& repeat) const {
      if (Connection* to = connection()) {
        shard.write_ack(*to, mqtt::PacketType::pubrec, repeat.packet_id, mqtt::Reason::success);
      }
    }

    void operator()(ReadDoneRecord& done) const {
      Session* found = session();
      if (found == nullptr || !found->reads_owed) return;
      auto& owed = found->reads_owed.use();
      const auto at = std::ranges::find(owed, done.number, &OwedRead::number);
      if (at != owed.end()) owed.erase(at);
    }

    void operator()(WillRecord& will) const {
      Session* found = session();
      if (found == nullptr || found->claim != will.claim) return;
      shard.fire_will(*found);
      if (found->expiry_s == 0) shard.end_session(*found);
    }
    void operator()(EndRecord& end) const {
      Session* found = session();
      if (found == nullptr || found->claim != end.claim) return;
      ++shard.counters_.sessions_expired;
      shard.end_session(*found);
    }
  };
  applied_ = std::max(applied_, record.position);
  if (restored_ != nullptr && !record.is_for_all()) {
    const Session* session = sessions_.find(record.session);
    if (session != nullptr && is_reflected(*session, record.position)) return;
  }
  std::visit(Visitor{*this, record}, record.what);
}

}  // namespace mqz::broker
