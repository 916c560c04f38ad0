#include "lib/backend/mqtt/inflight.h"

#include <algorithm>

#include "lib/base/check.h"

namespace mqz::backend {
namespace {

constexpr std::size_t kept_capacity_max =
    4096;  // so a burst of large messages leaves no memory held

}  // namespace

std::uint16_t Inflight::take(std::uint64_t number, mqtt::Qos qos) {
  MQZ_CHECK(used_ < window_max);
  if (free_.empty()) {
    messages_.emplace_back();
    free_.push_back(static_cast<std::uint16_t>(messages_.size()));
  }
  const std::uint16_t packet_id = free_.back();
  free_.pop_back();
  Message& message = at(packet_id);
  message.number = number;
  message.qos = qos;
  message.state = State::waiting;
  ++used_;
  return packet_id;
}

void Inflight::release(std::uint16_t packet_id) {
  Message& message = at(packet_id);
  bytes_ -= message.packet.size();
  message.packet.clear();
  if (message.packet.capacity() > kept_capacity_max) message.packet.shrink_to_fit();
  message.state = State::empty;
  message.on_the_wire = false;
  free_.push_back(packet_id);
  --used_;
}

Inflight::Message* Inflight::find(std::uint16_t packet_id) {
  if (packet_id == 0 || packet_id > messages_.size()) return nullptr;
  Message& message = at(packet_id);
  return message.state == State::empty ? nullptr : &message;
}

std::vector<std::uint16_t> Inflight::in_order() const {
  std::vector<std::uint16_t> ids;
  ids.reserve(used_);
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    if (messages_[i].state != State::empty) ids.push_back(static_cast<std::uint16_t>(i + 1));
  }
  std::sort(ids.begin(), ids.end(), [this](std::uint16_t a, std::uint16_t b) {
    return messages_[a - 1U].number < messages_[b - 1U].number;
  });
  return ids;
}

}  // namespace mqz::backend
