#include "lib/broker/shard_moving.h"

#include <algorithm>
#include <utility>

#include "lib/broker/shard.h"

namespace mqz::broker {
namespace {

constexpr std::size_t entries_at_once = 10'000;
constexpr std::size_t bytes_at_once = 128U << 10U;
constexpr std::size_t on_their_way_max = 1U << 20U;
constexpr std::size_t tries_at_once = 1'000;
// A record is not much larger than its message: or it would soon be moved again itself.
constexpr std::size_t place_bytes = 8;
constexpr std::size_t places_min = 8;

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
  position_ = 0;
  has_looked_ = false;
  found_ = std::vector<Found>();
  found_at_ = 0;
}

ParkedMessages& ShardMoving::parked() const { return *shard_.parked_; }

bool ShardMoving::has_work() const {
  if (segments_.empty()) return false;
  return !has_looked_ || (on_their_way_ < on_their_way_max && !shard_.is_journal_full());
}

void ShardMoving::step() {
  if (!has_work()) return;
  if (!has_looked_) return look_for_more();
  propose_more();
  if (found_at_ == found_.size()) end();
}

void ShardMoving::look_for_more() {
  for (std::size_t count = 0; count < entries_at_once; ++count) {
    if (slot_ == shard_.sessions_.slot_count()) {
      std::ranges::sort(found_, {}, &Found::address);
      has_looked_ = true;
      return;
    }
    const Session* session = shard_.sessions_.in_slot(slot_);
    if (session == nullptr || !session->durable || position_ >= session->send.end_position()) {
      ++slot_;
      position_ = 0;
      continue;
    }
    position_ = std::max(position_, session->send.begin_position());
    if (session->send.has(position_)) note(*session, position_);
    ++position_;
  }
}

void ShardMoving::note(const Session& session, std::uint64_t position) {
  const QueuedMessage& message = session.send.at(position).message;
  if (!message.is_parked()) return;
  if (std::ranges::binary_search(segments_, message.address().segment))
    found_.push_back({message.address(), {session.id, session.number, position}});
}

// Null when it has been delivered meanwhile: then it need not be moved, nor be there any more.
const Outgoing* ShardMoving::waiting(const Found& found) const {
  const Session* session = shard_.sessions_.find(found.place.session);
  if (session == nullptr || !session->send.has(found.place.position)) return nullptr;
  const Outgoing& outgoing = session->send.at(found.place.position);
  const QueuedMessage& message = outgoing.message;
  return message.is_parked() && message.address() == found.address ? &outgoing : nullptr;
}

void ShardMoving::propose_more() {
  std::size_t bytes = 0;
  for (std::size_t tries = 0; tries < tries_at_once && bytes < bytes_at_once; ++tries) {
    if (found_at_ == found_.size()) return;
    const storage::Address address = found_[found_at_].address;
    const Outgoing* outgoing = waiting(found_[found_at_]);
    if (outgoing == nullptr) {
      ++found_at_;
      continue;
    }
    MovedRecord moved{.message = parked().read(address, outgoing->cost, shard_.now_)};
    if (!moved.message && !parked().accepts_loss()) return end();
    if (!moved.message) {
      ++found_at_;
      continue;
    }
    const std::size_t places_max = std::max(moved.message->bytes() / place_bytes, places_min);
    for (; found_at_ < found_.size() && found_[found_at_].address == address &&
           moved.places.size() < places_max;
         ++found_at_) {
      if (waiting(found_[found_at_]) != nullptr) moved.places.push_back(found_[found_at_].place);
    }
    bytes += moved.message->bytes();
    on_their_way_ += moved.message->bytes();
    shard_.propose({.what = std::move(moved)});
  }
}

void ShardMoving::apply(const Record& record, const MovedRecord& moved) {
  on_their_way_ -= std::min(on_their_way_, moved.message->bytes());
  const bool is_parked = QueuedMessage::can_hold(record.address);
  for (const QueuePlace& place : moved.places) {
    Session* session = shard_.sessions_.find(place.session);
    if (session == nullptr || shard_.is_reflected(*session, record.position)) continue;
    session->send.move(place.position,
                       is_parked ? QueuedMessage(record.address) : QueuedMessage(moved.message));
  }
}

}  // namespace mqz::broker
