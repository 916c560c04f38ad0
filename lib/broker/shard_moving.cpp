#include "lib/broker/shard_moving.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lib/broker/shard.h"
#include "lib/broker/shard_restore.h"

namespace mqz::broker {
namespace {

constexpr std::size_t entries_at_once = 10'000;
constexpr std::size_t bytes_at_once = 128U << 10U;
constexpr std::size_t on_their_way_max = 1U << 20U;
// A record is not much larger than its message: or it would soon be moved again itself.
constexpr std::size_t place_bytes = 8;
constexpr std::size_t places_min = 8;
constexpr std::chrono::minutes told_again{10};

}  // namespace

void Shard::empty_segments(const std::vector<std::uint32_t>& segments) {
  send_mail_to_others(MoveMail{segments});
  moving_.begin(segments);
}

void ShardMoving::begin(const std::vector<std::uint32_t>& segments) {
  if (!segments_.empty()) return;
  segments_ = segments;
  std::ranges::sort(segments_);
}

void ShardMoving::end() {
  segments_.clear();
  slot_ = 0;
  looking_ = std::vector<Cursor>();
  found_ = std::vector<Cursor>();
}

ParkedMessages& ShardMoving::parked() const { return *shard_.parked_; }

bool ShardMoving::is_looking() const {
  return !looking_.empty() || slot_ < shard_.sessions_.slot_count();
}

bool ShardMoving::has_work() const {
  if (segments_.empty()) return false;
  return is_looking() || found_.empty() ||
         (on_their_way_ < on_their_way_max && !shard_.is_journal_full());
}

// A message is proposed once nothing can come before it.
void ShardMoving::step() {
  if (segments_.empty()) return;
  std::size_t entries = entries_at_once;
  std::size_t bytes = bytes_at_once;
  while (entries > 0 && bytes > 0) {
    if (is_looking()) {
      look_for_more(entries);
    } else if (found_.empty()) {
      return end();
    } else if (!has_work() || !propose_next(entries, bytes)) {
      return;
    }
  }
}

void ShardMoving::look_for_more(std::size_t& entries) {
  --entries;
  if (!looking_.empty()) {
    const Cursor next = looking_.back();
    looking_.pop_back();
    return advance(next, entries);
  }
  const Session* session = shard_.sessions_.in_slot(slot_++);
  if (session == nullptr || !session->durable || session->send.empty()) return;
  looking_.push_back({.place = {session->id, session->number, session->send.begin_position()}});
}

// To the next entry of its session that is to be moved; as far as the turn allows.
void ShardMoving::advance(Cursor cursor, std::size_t& entries) {
  const Session* session = shard_.sessions_.find(cursor.place.session);
  if (session == nullptr) return;
  std::uint64_t& at = cursor.place.position;
  at = std::max(at, session->send.begin_position());
  for (; at < session->send.end_position(); ++at) {
    if (entries == 0) return looking_.push_back(cursor);
    --entries;
    const QueuedMessage& message = session->send.at(at).message;
    if (!message.is_parked()) continue;
    cursor.body = message.place();
    const auto is_there = [&](storage::Address address) {
      return std::ranges::binary_search(segments_, address.segment);
    };
    if (!cursor.body.any_of(is_there)) continue;
    found_.push_back(cursor);
    std::ranges::push_heap(found_, is_behind);
    return;
  }
}

// Null when it has been delivered meanwhile: then it need not be moved, nor be there any more.
const Outgoing* ShardMoving::waiting(const Cursor& cursor) const {
  const Session* session = shard_.sessions_.find(cursor.place.session);
  if (session == nullptr || !session->send.has(cursor.place.position)) return nullptr;
  const Outgoing& outgoing = session->send.at(cursor.place.position);
  const QueuedMessage& message = outgoing.message;
  return message.is_parked() && message.place() == cursor.body ? &outgoing : nullptr;
}

// Its session is looked through further.
ShardMoving::Cursor ShardMoving::take_first() {
  std::ranges::pop_heap(found_, is_behind);
  const Cursor first = found_.back();
  found_.pop_back();
  Cursor& next = looking_.emplace_back(first);
  ++next.place.position;
  return first;
}

// What is damaged stays where it is, and its segment with it. A disk that fails is asked no more
// until somebody asks for this again.
bool ShardMoving::leave_next(const Unread& unread) {
  const storage::BodyPlace body = found_.front().body;
  const Session* session = shard_.sessions_.find(found_.front().place.session);
  if (!unread.may_pass && session != nullptr && shard_.now_.mono >= told_until_ &&
      shard_.options_.log != nullptr) {
    told_until_ = shard_.now_.mono + told_again;
    shard_.options_.log->write(LogType::error,
                               fmt::format("a message waiting for client {} cannot be read: {}",
                                           session->client_id, unread.error.text));
  }
  if (!unread.is_damage()) return end(), false;
  while (!found_.empty() && found_.front().body == body) take_first();
  return true;
}

// The first message, with as many of its places as its record takes. False when it cannot be read.
bool ShardMoving::propose_next(std::size_t& entries, std::size_t& bytes) {
  --entries;
  const Outgoing* outgoing = waiting(found_.front());
  if (outgoing == nullptr) return take_first(), true;
  const storage::BodyPlace body = found_.front().body;
  ReadMessage read = parked().read(body, outgoing->cost, shard_.now_);
  if (!read) return leave_next(read.error());
  MovedRecord moved{.message = *std::move(read)};
  const std::size_t size = moved.message->bytes();
  const std::size_t places_max = std::max(size / place_bytes, places_min);
  while (!found_.empty() && found_.front().body == body && moved.places.size() < places_max) {
    const Cursor first = take_first();
    if (waiting(first) != nullptr) moved.places.push_back(first.place);
  }
  bytes -= std::min(bytes, size);
  on_their_way_ += size;
  shard_.propose({.what = std::move(moved)});
  return true;
}

void ShardMoving::apply(const Record& record, const MovedRecord& moved) {
  on_their_way_ -= std::min(on_their_way_, moved.message->bytes());
  for (const QueuePlace& place : moved.places) {
    Session* session = shard_.sessions_.find(place.session);
    if (session == nullptr || shard_.is_reflected(*session, record.position)) continue;
    if (shard_.restored_ && !shard_.restored_->is_sure(*session, place.position)) continue;
    session->send.move(place.position,
                       record.place ? QueuedMessage(record.place) : QueuedMessage(moved.message));
  }
}

}  // namespace mqz::broker
