#include "lib/broker/send_queue.h"

#include <algorithm>
#include <utility>

#include "lib/base/rules.h"

namespace mqz::broker {
void SendQueue::push(Outgoing outgoing) {
  bytes_ += outgoing.cost;
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
}

void SendQueue::give_back(std::uint64_t position) {
  Outgoing& outgoing = ring_.at(position);
  MQZ_CHECK(outgoing.state < SendState::done);
  if (outgoing.state != SendState::queued && position < sent_) --in_flight_;
  outgoing.state = SendState::done;
}

void SendQueue::restore(std::uint64_t begin, std::uint64_t dup_until) {
  ring_.begin_at(begin);
  sent_ = begin;
  dup_until_ = dup_until;
}

void SendQueue::retire(std::uint64_t position) {
  Outgoing& outgoing = ring_.at(position);
  MQZ_CHECK(outgoing.state == SendState::done);
  bytes_ -= outgoing.cost;
  outgoing = Outgoing{};
  outgoing.state = SendState::retired;
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

void SendQueue::rewind() {
  if (sent_ > dup_until_) dup_until_ = sent_;
  in_flight_ = 0;
  // Finished entries in the middle keep their place, so that identifiers keep theirs.
  sent_ = ring_.begin_position();
  if (!MQZ_RULE(resend_order) && sent_ < dup_until_) ++sent_;
}

void SendQueue::interrupt(std::uint16_t window) {
  std::uint64_t sent = ring_.begin_position();
  for (std::uint16_t left = window; left > 0 && sent < ring_.end_position(); ++sent) {
    if (ring_.at(sent).state < SendState::done) --left;
  }
  dup_until_ = std::max(dup_until_, sent);
}

}  // namespace mqz::broker
