#include "lib/broker/send_queue.h"

#include <utility>

#include "lib/base/rules.h"

namespace mqz::broker {
namespace {

std::size_t cost(const Outgoing& outgoing) {
  return outgoing.message ? outgoing.message->bytes() + sizeof(Outgoing) : 0;
}

}  // namespace

void SendQueue::push(Outgoing outgoing) {
  bytes_ += cost(outgoing);
  ring_.push(std::move(outgoing));
}

void SendQueue::mark_sent(std::uint64_t position) {
  Outgoing& outgoing = ring_.at(position);
  if (outgoing.state == SendState::queued) outgoing.state = SendState::sent;
  ++in_flight_;
  sent_ = position + 1;
}

void SendQueue::skip(std::uint64_t position) {
  Outgoing& outgoing = ring_.at(position);
  bytes_ -= cost(outgoing);
  outgoing = Outgoing{};
  outgoing.state = SendState::done;
  sent_ = position + 1;
  pop_finished();
}

void SendQueue::withdraw(std::uint64_t position) {
  Outgoing& outgoing = ring_.at(position);
  MQZ_CHECK(outgoing.state == SendState::queued);
  bytes_ -= cost(outgoing);
  outgoing = Outgoing{};
  outgoing.state = SendState::done;
}

std::optional<std::uint64_t> SendQueue::find(std::uint16_t packet_id) const {
  if (packet_id == 0) return std::nullopt;
  const std::uint64_t begin = ring_.begin_position();
  const std::uint64_t ahead = (packet_id - 1U + identifiers - begin % identifiers) % identifiers;
  const std::uint64_t position = begin + ahead;
  if (position >= sent_ || ring_.at(position).state == SendState::done) return std::nullopt;
  return position;
}

void SendQueue::forget_message(std::uint64_t position) {
  Outgoing& outgoing = ring_.at(position);
  bytes_ -= cost(outgoing);
  outgoing.message = MessageRef{};
}

void SendQueue::finish(std::uint64_t position) {
  Outgoing& outgoing = ring_.at(position);
  MQZ_CHECK(outgoing.state != SendState::done && position < sent_);
  bytes_ -= cost(outgoing);
  outgoing = Outgoing{};
  outgoing.state = SendState::done;
  --in_flight_;
  pop_finished();
}

void SendQueue::pop_finished() {
  while (ring_.begin_position() < sent_ && ring_.front().state == SendState::done) ring_.pop();
}

void SendQueue::rewind() {
  if (sent_ > dup_until_) dup_until_ = sent_;
  in_flight_ = 0;
  // Finished entries in the middle keep their place, so that identifiers keep theirs.
  sent_ = ring_.begin_position();
  if (!MQZ_RULE(resend_order) && sent_ < dup_until_) ++sent_;
}

}  // namespace mqz::broker
