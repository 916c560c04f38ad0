#include "tests/bench/load/publisher.h"

#include <fmt/core.h>

#include <algorithm>

namespace mqz::bench {
namespace {

// Identifiers go round; windows are far smaller than the round.
std::uint16_t id_of(std::uint64_t n) { return static_cast<std::uint16_t>(n % 65'535 + 1); }

}  // namespace

Publisher::Publisher(const StreamPlan& plan, const Options& options, unsigned index)
    : client_(options.address, options.v5),
      qos_(plan.qos),
      copies_(plan.copies),
      window_(plan.window) {
  client_.handshake(fmt::format("bench-pub-{}", index), plan.keeps_sessions);
  for (std::uint32_t s = 0; s < plan.streams.size(); ++s) {
    const Stream& stream = plan.streams[s];
    if (stream.publisher != index) continue;
    streams_.push_back({s, {stream.topic, plan.qos, false, options.v5, plan.payload_bytes}});
  }
}

unsigned Publisher::room() const {
  const std::uint64_t undelivered = published_ - std::min(published_, deliveries_ / copies_);
  const std::uint64_t unacknowledged = qos_ == 0 ? 0 : published_ - completed_;
  const std::uint64_t used = std::max(undelivered, unacknowledged);
  return used >= window_ ? 0U : static_cast<unsigned>(window_ - used);
}

void Publisher::publish(std::uint64_t stamp_ns) {
  OwnStream& stream = streams_[turn_];
  stream.frame.append(client_.out(), {stream.number, stream.sent, stamp_ns}, id_of(published_));
  ++stream.sent;
  ++published_;
  turn_ = turn_ + 1 == streams_.size() ? 0 : turn_ + 1;
}

// Acknowledgements come in the order of the messages. [MQTT-4.6.0-2], [MQTT-4.6.0-3]
void Publisher::on_ack(const Frame& frame) {
  const std::uint16_t id = packet_id(frame);
  const bool is_pubrec = frame.type == PacketType::pubrec;
  std::uint64_t& counter = is_pubrec ? received_ : completed_;
  if (id != id_of(counter)) ++disordered_acks_;
  ++counter;
  if (is_pubrec) put_ack(client_.out(), PacketType::pubrel, id);
}

bool Publisher::is_idle() const {
  return deliveries_ >= published_ * copies_ && (qos_ == 0 || completed_ == published_);
}

std::uint32_t Publisher::sent_of(std::uint32_t stream) const {
  for (const OwnStream& own : streams_) {
    if (own.number == stream) return own.sent;
  }
  return 0;
}

}  // namespace mqz::bench
