#include "lib/broker/shard_restore.h"

#include <algorithm>

#include "lib/base/rules.h"
#include "lib/mqtt/topic.h"

namespace mqz::broker {

bool RestoredState::is_sure(const Session& session, std::uint64_t position) const {
  const auto at = sure.find(session.number);
  return at == sure.end() || position < at->second.positions_end || !MQZ_RULE(sure_positions);
}

bool RestoredState::is_sure_read(const Session& session, std::uint32_t number) const {
  const auto at = sure.find(session.number);
  return at == sure.end() || number <= at->second.last_read;
}

void RestoredState::begin_life(const std::vector<LostRecords>& without) {
  const auto is_named = [&](const LostRecords& one) {
    return std::ranges::find(without, one) != without.end();
  };
  if (!std::ranges::all_of(unnamed, is_named)) return;
  unnamed.clear();
  sure.clear();
}

bool Shard::is_reflected(const Session& session, std::uint64_t position) const {
  if (!restored_) return false;
  const auto at = restored_->stamps.find(&session);
  return at != restored_->stamps.end() && position <= at->second;
}

RestoredState& ShardRestore::restored() {
  if (!shard_.restored_) shard_.restored_ = std::make_unique<RestoredState>();
  return *shard_.restored_;
}

SlotId ShardRestore::session(SessionImage image, std::uint64_t stamp) {
  Session& session =
      shard_.make_session({.client_id = std::move(image.client_id), .claim = image.number});
  restored().stamps.insert_or_assign(&session, stamp);
  session.claim = image.claim;
  session.durable = image.durable;
  session.recorded = true;
  session.is_online = image.is_online;
  session.expiry_s = image.expiry_s;
  if (image.will) session.will = std::make_unique<Will>(std::move(*image.will));
  if (image.expires != MonoTime::max()) shard_.expire_at(session, image.expires);
  if (image.will_due != MonoTime::max()) shard_.fire_will_at(session, image.will_due);
  for (const SubscriptionImage& one : image.subscriptions) {
    if (mqtt::is_shared(one.entry.filter)) {
      shard_.join_group(session, one.entry, one.identifier);
    } else {
      shard_.subscriptions_.put(session, {one.entry.filter, one.entry.options}, one.identifier);
    }
  }
  shard_.tell_presence(session, session.is_online);
  for (const std::uint16_t id : image.received) session.received.insert(id);
  session.last_read = image.last_read;
  for (OwedRead& owed : image.reads_owed) session.reads_owed.use().push_back(std::move(owed));
  if (session.durable) session.send.restore(image.queue_begin, image.dup_until, image.reach);
  restored().queue_ends.insert_or_assign(&session, image.queue_end);
  return session.id;
}

bool ShardRestore::fill(Session& session, std::uint64_t end, MissingEntries& missing) {
  const std::uint64_t from = session.send.end_position();
  // Before the first entry that is there they take no memory.
  const std::uint64_t count = session.send.empty() || end < from ? 0 : end - from;
  if (count > missing.left) return missing.too_many_of = session.client_id, false;
  missing.left -= count;
  session.send.fill(end);
  return true;
}

void ShardRestore::queue(SlotId id, QueueImage image, MissingEntries& missing) {
  Session* session = shard_.sessions_.find(id);
  if (session == nullptr || image.begin < session->send.end_position()) return;
  if (!fill(*session, image.begin, missing)) return;
  for (Outgoing& outgoing : image.entries) {
    session->took_shares |= outgoing.extra && outgoing.extra->origin != 0;
    session->send.push(std::move(outgoing));
  }
}

void ShardRestore::forget(std::string_view client_id) {
  Session* session = shard_.client_sessions_.find(client_id);
  if (session == nullptr) return;
  restored().stamps.erase(session);
  restored().queue_ends.erase(session);
  session->will.reset();
  session->took_shares = false;  // other entries say what becomes of them
  shard_.end_session(*session);
}

void ShardRestore::retained(const MessageRef& message) { shard_.set_retained(message); }

void ShardRestore::will(std::uint64_t claim, Will will) {
  shard_.wills_owed_.emplace(claim, std::move(will));
}

void ShardRestore::share(ShareImage image, std::uint64_t stamp) {
  shard_.shares_owed_.owe(image.filter, image.origin,
                          {std::move(image.message), image.cost, stamp});
}

void ShardRestore::front(const FrontImage& image, std::uint64_t stamp) {
  shard_.queue_bytes_max_ = image.queue_bytes_max;
  shard_.queue_messages_max_ = image.queue_messages_max;
  if (!shard_.is_front()) return;
  shard_.directory_.restore_last(image.last_claim);
  restored().end_stamp = stamp;
}

void ShardRestore::fill_queues(MissingEntries& missing) {
  if (!shard_.restored_) return;
  shard_.sessions_.for_each([&](Session& session) {
    const auto at = restored().queue_ends.find(&session);
    if (at != restored().queue_ends.end()) fill(session, at->second, missing);
  });
}

// What a client said of its own messages may be among it, too: rather twice than not at all.
void ShardRestore::pass_over(const LostRecords& lost) {
  restored().lost.push_back(lost);
  restored().unnamed.push_back(lost);
  shard_.sessions_.for_each([&](Session& session) {
    if (!session.recorded || shard_.is_reflected(session, lost.end - 1)) return;
    restored().sure.try_emplace(
        session.number, RestoredState::Sure{session.send.end_position(), session.last_read});
    session.received.clear();
  });
}

namespace {

void note_missing(const QueuedMessage& message, const std::string& whose,
                  const storage::SegmentTable& table, ShardRestore::Missing& missing) {
  if (!message.is_parked()) return;
  const storage::BodyPlace place = message.place();
  for (std::size_t part = 0; part < place.count(); ++part) {
    const std::uint32_t segment = place.at(part).segment;
    if (table.find(segment) != nullptr) continue;
    ++missing[segment][whose];
    return;
  }
}

}  // namespace

void ShardRestore::find_missing(const storage::SegmentTable& table, Missing& missing) const {
  shard_.sessions_.for_each([&](const Session& session) {
    for (auto at = session.send.begin_position(); at < session.send.end_position(); ++at)
      note_missing(session.send.at(at).message, session.client_id, table, missing);
  });
  shard_.shares_owed_.for_each([&](const std::string& filter, std::uint64_t, const auto& share) {
    note_missing(share.message, filter, table, missing);
  });
}

void ShardRestore::link_shares(const Shard& front) {
  shard_.sessions_.for_each([&](Session& session) {
    if (!session.took_shares) return;
    for (std::uint64_t at = session.send.begin_position(); at < session.send.end_position(); ++at) {
      Outgoing& outgoing = session.send.at(at);
      if (!outgoing.extra || outgoing.extra->filter().empty()) continue;
      if (const Group* group = front.groups_.find(outgoing.extra->share->filter))
        outgoing.extra->share->group = group->id;
    }
  });
}

}  // namespace mqz::broker
