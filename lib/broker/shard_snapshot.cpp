// The durable state of a shard, written in slices between its turns. What changes meanwhile is
// right because of the stamps: an entry says what this shard had applied when it was written, and
// replay begins where the snapshot did. Three things need care:
//
// - A session that ends meanwhile leaves a note, so that an older CONNECT does not bring it back.
// - Wills that are due come after the sessions, so that one is found here or there.
// - Shares of groups come last of all, when what other shards gave back has come to the front.
#include "lib/broker/shard.h"
#include "lib/broker/snapshot_codec.h"
#include "lib/broker/snapshot_run.h"

namespace mqz::broker {
namespace {

constexpr std::size_t queue_piece = 64U << 10U;
constexpr std::size_t nodes_at_once = 256;
constexpr Millis pause{5};

Outgoing copy_of(const Outgoing& outgoing) {
  Outgoing copy{.message = outgoing.message,
                .identifier = outgoing.identifier,
                .cost = outgoing.cost,
                .qos = outgoing.qos,
                .retain = outgoing.retain,
                .state = outgoing.state};
  if (outgoing.extra) copy.extra = std::make_unique<DeliveryExtra>(*outgoing.extra);
  return copy;
}

}  // namespace

void Shard::begin_snapshot(std::shared_ptr<SnapshotTarget> target) {
  MQZ_CHECK(is_front() && !is_running_committed_);
  if (snapshot_) return;
  take_part(target);
  snapshot_->replay_from = applied_ + 1;
  for (ShardIndex to = 0; to < options_.count; ++to) {
    if (to == options_.index || (active_ & bit_of(to)) == 0) continue;
    send_mail(to, SnapshotMail{target, applied_});
    ++snapshot_->others;
  }
}

void Shard::take_part(std::shared_ptr<SnapshotTarget> target) {
  snapshot_ = std::make_unique<SnapshotRun>(std::move(target));
  snapshot_again_ = now_.mono;
}

void Shard::run_snapshot() {
  SnapshotRun& run = *snapshot_;
  if (run.is_written) {
    if (run.others == 0) run.finish(*this);
    return;
  }
  const std::size_t room = run.target->room();
  snapshot_again_ = room == 0 ? now_.mono + pause : now_.mono;
  bool has_more = true;
  while (run.slice.bytes() < room && has_more) has_more = run.write_next(*this);
  if (!has_more) return run.finish_part(*this);
  if (room != 0 && !run.slice.empty()) run.target->add(std::exchange(run.slice, {}));
}

// The record that ends it is not reflected: it may be the CONNECT of the next session.
void Shard::note_ended(const Session& session) {
  if (snapshot_->is_written) return;
  add_to(snapshot_->slice, EndedImage{session.client_id, session.number}, applied_ - 1, now_);
}

void SnapshotRun::write_all(Shard& shard, std::shared_ptr<SnapshotTarget> target) {
  shard.take_part(std::move(target));
  while (shard.snapshot_) shard.run_snapshot();
}

bool SnapshotRun::write_next(const Shard& shard) {
  if (queue_at < queue.size()) return write_queue(shard.now_), true;
  if (slot == shard.sessions_.slot_count()) return shard.is_front() && write_retained(shard);
  const Session* session = shard.sessions_.in_slot(slot++);
  if (session != nullptr && session->recorded) write_session(shard, *session);
  return true;
}

void SnapshotRun::write_session(const Shard& shard, const Session& session) {
  SessionImage image{.client_id = session.client_id,
                     .number = session.number,
                     .claim = session.claim,
                     .shard = shard.options_.index,
                     .durable = session.durable,
                     .is_online = session.is_online,
                     .expiry_s = session.expiry_s,
                     .expires = session.expires,
                     .will_due = session.will_due};
  if (session.will) image.will = *session.will;
  if (session.durable) {
    const auto add = [&](std::string filter, const Subscriber& subscriber) {
      const mqtt::SubscribeOptions options{.qos = subscriber.qos,
                                           .no_local = subscriber.no_local,
                                           .retain_as_published = subscriber.retain_as_published};
      image.subscriptions.push_back({{std::move(filter), options}, subscriber.identifier});
    };
    shard.subscriptions_.for_each_of(session, add);
    for (const SharedMembership& one : session.shared)
      image.subscriptions.push_back({{one.filter, one.options}, one.identifier});
    for (std::uint32_t id = 1; session.received.size() > 0 && id <= UINT16_MAX; ++id) {
      const auto packet_id = static_cast<std::uint16_t>(id);
      if (session.received.contains(packet_id) &&
          !shard.received_proposed_.contains({session.id.slot, session.id.generation, packet_id}))
        image.received.push_back(packet_id);
    }
    image.last_read = session.last_read;
    image.reads_owed = session.reads_owed;
    image.queue_begin = session.send.begin_position();
    image.dup_until = session.send.sent_until();
    queue_number = session.number;
    queue_stamp = shard.applied_;
    for (std::uint64_t at = image.queue_begin; at < session.send.end_position(); ++at)
      queue.push_back(copy_of(session.send.at(at)));
  }
  add_to(slice, std::move(image), shard.applied_, shard.now_);
}

void SnapshotRun::write_queue(Now now) {
  QueueImage image{.number = queue_number};
  std::size_t bytes = 0;
  while (queue_at < queue.size() && bytes < queue_piece) {
    Outgoing& next = queue[queue_at++];
    bytes += sizeof(Outgoing) + (next.message ? next.message->bytes() : 0);
    image.entries.push_back(std::move(next));
  }
  if (queue_at == queue.size()) {
    queue = std::vector<Outgoing>();
    queue_at = 0;
  }
  add_to(slice, std::move(image), queue_stamp, now);
}

// Of our own topics, nothing is durable.
bool SnapshotRun::write_retained(const Shard& shard) {
  for (std::size_t count = 0; count < nodes_at_once; ++count) {
    if (node >= shard.retained_.node_capacity()) return false;
    const MessageRef* message = shard.retained_.in_node(node++);
    if (message == nullptr || (*message)->topic().starts_with("$SYS/")) continue;
    add_to(slice, RetainedImage{*message}, shard.applied_, shard.now_);
    return true;
  }
  return true;
}

void SnapshotRun::finish_part(Shard& shard) {
  for (const auto& [claim, will] : shard.wills_owed_)
    add_to(slice, WillImage{claim, shard.options_.index, will}, shard.applied_, shard.now_);
  is_written = true;
  shard.snapshot_again_ = MonoTime::max();
  if (shard.is_front()) {
    if (others == 0) finish(shard);
    return;
  }
  if (!slice.empty()) target->add(std::exchange(slice, {}));
  shard.send_mail(front_shard, SnapshotDoneMail{});
  shard.snapshot_.reset();
}

void SnapshotRun::finish(Shard& shard) {
  for (const auto& [key, message] : shard.shares_owed_)
    add_to(slice, ShareImage{key.first, key.second, message}, shard.applied_, shard.now_);
  const FrontImage front{replay_from, shard.directory_.last_claim(), shard.queue_bytes_max_,
                         shard.queue_messages_max_};
  add_to(slice, front, shard.applied_, shard.now_);
  target->add(std::exchange(slice, {}));
  target->end();
  shard.snapshot_.reset();
}

}  // namespace mqz::broker
