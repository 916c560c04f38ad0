#include "tests/bench/load/group_run.h"

#include <fmt/core.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "tests/bench/load/store_run.h"

namespace mqz::bench {
namespace {

constexpr unsigned publishers = 64;
constexpr unsigned payload_bytes = 64;
constexpr int patience_ms = 1000;

std::uint64_t to_ns(double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); }

}  // namespace

GroupRun::GroupRun(const Options& options)
    : options_(options),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      frame_(queue_topic, 1, false, options.v5, payload_bytes) {
  leave_a_session(options);
  publishers_.reserve(publishers);
  for (unsigned i = 0; i < publishers; ++i) {
    publishers_.push_back({Client(options.address, options.v5)});
    Publisher& one = publishers_.back();
    one.client.handshake(fmt::format("bench-pub-{}", i));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &one;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, one.client.fd(), &event) != 0) die_errno("epoll_ctl");
  }
}

GroupRun::~GroupRun() { close(epoll_); }

void GroupRun::publish(Publisher& publisher) {
  const auto index = static_cast<std::uint32_t>(&publisher - publishers_.data());
  publisher.id = static_cast<std::uint16_t>(publisher.sent % 65'535 + 1);
  publisher.sent_ns = now_ns();
  frame_.append(publisher.client.out(), {index, publisher.sent++, 0}, publisher.id);
  publisher.client.flush();
}

void GroupRun::on_frame(Publisher& publisher, const Frame& frame) {
  if (frame.type != PacketType::puback) return;
  if (packet_id(frame) != publisher.id) ++disordered_acks_;
  ++acknowledged_;
  if (recording_)
    latencies_us_.push_back(static_cast<std::uint32_t>((now_ns() - publisher.sent_ns) / 1000));
  publisher.id = 0;
}

bool GroupRun::turn() {
  std::array<epoll_event, publishers> events;
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), patience_ms);
  for (int i = 0; i < count; ++i) {
    auto& publisher = *static_cast<Publisher*>(events[static_cast<std::size_t>(i)].data.ptr);
    const bool open =
        publisher.client.receive([&](const Frame& frame) { on_frame(publisher, frame); });
    if (!open) die("the broker closed a connection");
    if (publishing_ && publisher.id == 0) publish(publisher);
  }
  return count > 0;
}

void GroupRun::run_until(std::uint64_t deadline_ns) {
  while (now_ns() < deadline_ns) {
    if (!turn()) die("no acknowledgement in a second");
  }
}

Result GroupRun::run() {
  Result result;
  result.scenario = "store-group";
  result.unit = "message";
  for (Publisher& publisher : publishers_) publish(publisher);
  run_until(now_ns() + to_ns(options_.warm_up_seconds));
  recording_ = true;
  result.begin = take_sample(options_, acknowledged_);
  run_until(now_ns() + to_ns(options_.seconds));
  result.end = take_sample(options_, acknowledged_);
  recording_ = publishing_ = false;
  const auto waits = [](const Publisher& publisher) { return publisher.id != 0; };
  while (std::any_of(publishers_.begin(), publishers_.end(), waits) && turn()) {
  }
  result.faults.lost =
      static_cast<std::uint64_t>(std::count_if(publishers_.begin(), publishers_.end(), waits));
  result.disordered_acks = disordered_acks_;
  result.latencies_us = std::move(latencies_us_);
  return result;
}

}  // namespace mqz::bench
