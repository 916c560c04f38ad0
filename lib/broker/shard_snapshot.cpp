#include "lib/broker/shard_snapshot.h"

#include <algorithm>

#include "lib/base/rules.h"
#include "lib/broker/shard.h"
#include "lib/broker/snapshot_codec.h"

namespace mqz::broker {
namespace {

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

SubscriptionImage image_of(std::string filter, const Subscriber& subscriber) {
  const mqtt::SubscribeOptions options{.qos = subscriber.qos,
                                       .no_local = subscriber.no_local,
                                       .retain_as_published = subscriber.retain_as_published};
  return {{std::move(filter), options}, subscriber.identifier};
}

}  // namespace

void ShardSnapshot::begin(std::shared_ptr<SnapshotTarget> target) {
  MQZ_CHECK(shard_.is_front() && !shard_.is_running_committed_ && !run_);
  write_clock(*target);
  join(target);
  run_->replay_from = shard_.applied_ + 1;
  for (ShardIndex to = 0; to < shard_.options_.count; ++to) {
    if (to == shard_.options_.index || (shard_.active_ & Shard::bit_of(to)) == 0) continue;
    shard_.send_mail(to, SnapshotMail{target, shard_.applied_});
    ++run_->others;
  }
}

void ShardSnapshot::write_clock(SnapshotTarget& target) const {
  ClockImage image{shard_.clock_};
  image.clock.time = std::max(image.clock.time, shard_.now_.wall);
  storage::SnapshotSlice slice;
  add_to(slice, image, shard_.applied_, shard_.now_);
  target.add(std::move(slice));
}

void ShardSnapshot::join(std::shared_ptr<SnapshotTarget> target) {
  run_.emplace(Run{.target = std::move(target), .due = shard_.now_.mono});
}

void ShardSnapshot::part_done() {
  if (run_) --run_->others;
}

void ShardSnapshot::write_all(std::shared_ptr<SnapshotTarget> target,
                              const std::vector<std::uint32_t>& written_whole) {
  join(std::move(target));
  run_->written_whole = written_whole;
  run_->replay_from = shard_.applied_ + 1;
  while (run_) step();
}

// A turn may write more than the target asked for; a block never has more than blocks have.
void ShardSnapshot::add(const SnapshotObject& object, std::uint64_t stamp) {
  storage::SnapshotSlice& slice = run_->slice;
  if (slice.bytes() >= storage::slice_bytes_max) run_->target->add(std::exchange(slice, {}));
  add_to(slice, object, stamp, shard_.now_);
}

void ShardSnapshot::step() {
  if (!run_) return;
  Run& run = *run_;
  if (run.is_written) {
    if (run.others == 0) finish();
    return;
  }
  const std::size_t room = run.target->room();
  run.due = room == 0 ? shard_.now_.mono + pause : shard_.now_.mono;
  bool has_more = true;
  while (run.slice.bytes() < room && has_more) has_more = write_next();
  if (!has_more) return finish_part();
  if (room != 0 && !run.slice.empty()) run.target->add(std::exchange(run.slice, {}));
}

// The record that ends it is not reflected: it may be the CONNECT of the next session.
void ShardSnapshot::note_ended(const Session& session) {
  if (!run_ || run_->is_written) return;
  add(EndedImage{session.client_id, session.number}, shard_.applied_ - 1);
}

bool ShardSnapshot::write_next() {
  if (run_->queue_at < run_->queue_end) return write_queue(), true;
  if (run_->slot == shard_.sessions_.slot_count()) return shard_.is_front() && write_retained();
  const Session* session = shard_.sessions_.in_slot(run_->slot++);
  if (session != nullptr && session->recorded) write_session(*session);
  return true;
}

// Without those whose PublishRecord is on its way: what comes again before it is applied is no
// repetition.
std::vector<std::uint16_t> ShardSnapshot::received_by_record(const Session& session) const {
  std::vector<std::uint16_t> ids;
  session.received.for_each([&](std::uint16_t id) {
    if (!shard_.received_proposed_.contains({session.id.slot, session.id.generation, id}))
      ids.push_back(id);
  });
  return ids;
}

void ShardSnapshot::write_session(const Session& session) {
  SessionImage image{.client_id = session.client_id,
                     .number = session.number,
                     .claim = session.claim,
                     .shard = shard_.options_.index,
                     .durable = session.durable,
                     .is_online = session.is_online,
                     .expiry_s = session.expiry_s,
                     .expires = session.expires,
                     .will_due = session.will_due};
  if (session.will) image.will = *session.will;
  if (session.durable) {
    const auto add = [&](std::string filter, const Subscriber& subscriber) {
      image.subscriptions.push_back(image_of(std::move(filter), subscriber));
    };
    shard_.subscriptions_.for_each_of(session, add);
    for (const SharedMembership& one : *session.shared)
      image.subscriptions.push_back({{one.filter, one.options}, one.identifier});
    image.received = received_by_record(session);
    image.last_read = session.last_read;
    image.reads_owed.assign(session.reads_owed->begin(), session.reads_owed->end());
    image.queue_begin = session.send.begin_position();
    image.queue_end = session.send.end_position();
    image.dup_until = session.send.dup_until();
    image.reach = session.send.reach();
    run_->queue_of = session.id;
    run_->queue_at = image.queue_begin;
    run_->queue_end = image.queue_end;
    run_->queue_stamp = shard_.applied_;
  }
  add(std::move(image), shard_.applied_);
}

// Of a session that has ended meanwhile nothing is needed any more.
void ShardSnapshot::write_queue() {
  const Session* session = shard_.sessions_.find(run_->queue_of);
  if (session == nullptr) {
    run_->queue_at = run_->queue_end;
  } else {
    write_piece(*session);
  }
}

// Those behind it that are settled already may leave the queue with it.
void ShardSnapshot::note_settling(const Session& session, std::uint64_t position) {
  if (!run_ || run_->queue_of != session.id || !MQZ_RULE(queue_as_stamped)) return;
  const auto may_change = [&](std::uint64_t at) {
    return at <= position || session.send.at(at).state == SendState::retired;
  };
  while (run_->queue_at < run_->queue_end && may_change(run_->queue_at)) write_piece(session);
}

void ShardSnapshot::write_piece(const Session& session) {
  Run& run = *run_;
  const std::size_t piece_bytes = run.target->queue_piece_bytes();
  QueueImage image{.number = session.number, .begin = run.queue_at};
  for (std::size_t bytes = 0; run.queue_at < run.queue_end && bytes < piece_bytes; ++run.queue_at) {
    MQZ_CHECK(session.send.has(run.queue_at));
    Outgoing next = copy_of(session.send.at(run.queue_at));
    note_parked(next);
    bytes += next.message.is_parked() ? sizeof(Outgoing) : sizeof(Outgoing) + next.cost;
    image.entries.push_back(std::move(next));
  }
  add(std::move(image), run.queue_stamp);
}

// What cannot be read stays parked. What the record takes in the journal is about the text that
// counts for the queue.
void ShardSnapshot::note_parked(Outgoing& outgoing) {
  if (!outgoing.message.is_parked()) return;
  const auto& whole = run_->written_whole;
  const storage::BodyPlace place = outgoing.message.place();
  const auto is_there = [&](storage::Address address) {
    return std::ranges::find(whole, address.segment) != whole.end();
  };
  if (place.any_of(is_there)) {
    if (const ReadMessage message = shard_.message_of(outgoing.message, outgoing.cost)) {
      outgoing.message = *message;
      return;
    }
  }
  const std::size_t text = outgoing.cost > entry_cost ? outgoing.cost - entry_cost : 0;
  for (std::size_t part = 0; part < place.count(); ++part)
    run_->parked.note(place.at(part), text / place.count() + storage::record_header_bytes);
}

// Of our own topics, nothing is durable.
bool ShardSnapshot::write_retained() {
  for (std::size_t count = 0; count < nodes_at_once; ++count) {
    if (run_->node >= shard_.retained_.node_capacity()) return false;
    const MessageRef* message = shard_.retained_.in_node(run_->node++);
    if (message == nullptr || (*message)->topic().starts_with("$SYS/")) continue;
    add(RetainedImage{*message}, shard_.applied_);
    return true;
  }
  return true;
}

void ShardSnapshot::finish_part() {
  Run& run = *run_;
  for (const auto& [claim, will] : shard_.wills_owed_)
    add(WillImage{claim, shard_.options_.index, will}, shard_.applied_);
  run.target->add_parked(run.parked);
  run.parked = {};
  run.is_written = true;
  run.due = MonoTime::max();
  if (shard_.is_front()) {
    if (run.others == 0) finish();
    return;
  }
  if (!run.slice.empty()) run.target->add(std::move(run.slice));
  shard_.send_mail(front_shard, SnapshotDoneMail{});
  run_.reset();
}

void ShardSnapshot::finish() {
  Run& run = *run_;
  shard_.shares_owed_.for_each([&](const auto& filter, std::uint64_t origin, const auto& share) {
    Outgoing kept{.message = share.message, .cost = share.cost};
    note_parked(kept);
    add(ShareImage{filter, origin, std::move(kept.message), share.cost}, shard_.applied_);
  });
  shard_.returns_.for_each([&](const ReturnedShare& share) {
    Outgoing needed{.message = share.message, .cost = share.cost};
    note_parked(needed);
  });
  run.target->add_parked(run.parked);
  const FrontImage front{run.replay_from, shard_.directory_.last_claim(), shard_.queue_bytes_max_,
                         shard_.queue_messages_max_};
  add(front, shard_.applied_);
  run.target->add(std::move(run.slice));
  run.target->end();
  run_.reset();
}

}  // namespace mqz::broker
