#include "lib/broker/send_queue.h"

#include <algorithm>
#include <utility>

#include "lib/base/rules.h"

namespace mqz::broker {

void SendQueue::push(Outgoing outgoing) {
  bytes_ += outgoing.cost;
  if (outgoing.state == SendState::done) ++done_;
  if (outgoing.state == SendState::retired && ring_.end_position() < reach_) --unsettled_;
  ring_.push(std::move(outgoing));
}

void SendQueue::mark_sent(std::uint64_t position) {
  Outgoing& outgoing = ring_.at(position);
  if (outgoing.state == SendState::queued) outgoing.state = SendState::sent;
  ++in_flight_;
  sent_ = position + 1;
}

std::optional<std::uint64_t> SendQueue::find(std::uint16_t packet_id) const {
  if (packet_id == 0) return std::nullopt;
  const std::uint64_t begin = ring_.begin_position();
  const std::uint64_t ahead = (packet_id - 1U + identifiers - begin % identifiers) % identifiers;
  const std::uint64_t position = begin + ahead;
  if (position >= sent_ || ring_.at(position).state >= SendState::done) return std::nullopt;
  return position;
}

void SendQueue::forget_message(std::uint64_t position) {
  Outgoing& outgoing = ring_.at(position);
  bytes_ -= outgoing.cost;
  outgoing.cost = 0;
  outgoing.message = QueuedMessage();
}

void SendQueue::mark_released(std::uint64_t position) {
  forget_message(position);
  ring_.at(position).state = SendState::released;
}

void SendQueue::finish(std::uint64_t position) {
  Outgoing& outgoing = ring_.at(position);
  MQZ_CHECK(outgoing.state < SendState::done);
  if (outgoing.state != SendState::queued && position < sent_) --in_flight_;
  const std::uint32_t bytes = outgoing.cost;
  outgoing = Outgoing{};
  outgoing.cost = bytes;
  outgoing.state = SendState::done;
  ++done_;
}

void SendQueue::give_back(std::uint64_t position) {
  Outgoing& outgoing = ring_.at(position);
  MQZ_CHECK(outgoing.state < SendState::done);
  if (outgoing.state != SendState::queued && position < sent_) --in_flight_;
  outgoing.state = SendState::done;
  ++done_;
}

void SendQueue::restore(std::uint64_t begin, std::uint64_t dup_until, const Reach& reach) {
  ring_.begin_at(begin);
  sent_ = begin;
  dup_until_ = dup_until;
  reach_ = reach.position;
  window_ = reach.window;
  ahead_ = reach.ahead;
  count_unsettled();
}

void SendQueue::fill(std::uint64_t end) {
  if (ring_.empty() && ring_.end_position() < end) {
    ring_.begin_at(end);
    count_unsettled();
  }
  while (ring_.end_position() < end) push({.state = SendState::retired});
  pop_retired();
}

void SendQueue::retire(std::uint64_t position) {
  Outgoing& outgoing = ring_.at(position);
  MQZ_CHECK(outgoing.state == SendState::done);
  bytes_ -= outgoing.cost;
  outgoing = Outgoing{};
  outgoing.state = SendState::retired;
  --done_;
  pop_retired();
}

void SendQueue::move(std::uint64_t position, QueuedMessage message) {
  if (!has(position) || !ring_.at(position).message.is_parked()) return;
  ring_.at(position).message = std::move(message);
}

void SendQueue::pop_retired() {
  while (!ring_.empty() && ring_.front().state == SendState::retired) ring_.pop();
  sent_ = std::max(sent_, ring_.begin_position());
}

std::size_t SendQueue::free_first(std::size_t count) {
  const std::size_t freed = std::min(count, ring_.size());
  for (std::size_t left = freed; left > 0; --left) ring_.pop();
  return freed;
}

void SendQueue::rewind() {
  if (sent_ > dup_until_) dup_until_ = sent_;
  in_flight_ = 0;
  // Finished entries in the middle keep their place, so that identifiers keep theirs.
  sent_ = ring_.begin_position();
  if (!MQZ_RULE(resend_order) && sent_ < dup_until_) ++sent_;
}

void SendQueue::begin_use(std::uint16_t window) {
  window_ = window;
  ahead_ = 0;
  asked_ = 0;
  if (reach_ == UINT64_MAX) reach_ = dup_until_;
  count_unsettled();
  extend_reach();
}

void SendQueue::end_use(std::uint64_t sent_until) {
  dup_until_ = std::max(dup_until_, sent_until);
  reach_ = dup_until_;
  window_ = 0;
  ahead_ = 0;
  count_unsettled();
}

void SendQueue::interrupt() { end_use(std::min(reach_, ring_.end_position())); }

void SendQueue::settle(std::uint64_t position, std::uint16_t ahead) {
  if (position < reach_) --unsettled_;
  retire(position);
  ahead_ = ahead;
  extend_reach();
}

// All before it may have been settled, and what follows it was not.
void SendQueue::settle_elsewhere(std::uint64_t position, std::uint16_t ahead) {
  ahead_ = ahead;
  may_reach(std::min(position, positions_max) + 1 + window_ + ahead);
  extend_reach();
}

void SendQueue::end_use_elsewhere(std::uint64_t sent_until) {
  may_reach(std::min(sent_until, positions_max));
  interrupt();
}

void SendQueue::may_reach(std::uint64_t position) {
  reach_ = std::max(reach_, ring_.begin_position());
  for (; reach_ < std::min(position, ring_.end_position()); ++reach_) {
    if (ring_.at(reach_).state != SendState::retired) ++unsettled_;
  }
  if (reach_ >= position) return;
  unsettled_ += position - reach_;
  reach_ = position;
}

void SendQueue::count_unsettled() {
  unsettled_ = 0;
  for (std::uint64_t at = ring_.begin_position(); at < reach_; ++at) {
    if (at >= ring_.end_position()) {  // none of what is to come
      unsettled_ += reach_ - at;
      return;
    }
    if (ring_.at(at).state != SendState::retired) ++unsettled_;
  }
}

void SendQueue::extend_reach() {
  if (window_ == 0) return;
  reach_ = std::max(reach_, ring_.begin_position());
  for (; unsettled_ < std::uint64_t{window_} + ahead_; ++reach_) {
    if (reach_ >= ring_.end_position() || ring_.at(reach_).state != SendState::retired)
      ++unsettled_;
  }
}

// It has acknowledged most of what it was sent, and gets no more for want of a commit.
bool SendQueue::is_kept_waiting() const {
  return in_flight_ <= window_ / 4U && sent_ >= reach_ && sent_ != ring_.end_position();
}

std::uint16_t SendQueue::ask_ahead() {
  const bool was_quiet = std::exchange(is_quiet_, done_ == 1);
  if (is_kept_waiting()) {
    const std::uint64_t more = std::max(2U * asked_, 0U + window_);
    if (asked_ <= ahead_) asked_ = static_cast<std::uint16_t>(std::min(more, identifiers));
  } else if (was_quiet && is_quiet_ && asked_ > 0) {
    --asked_;
  }
  return asked_;
}

}  // namespace mqz::broker
