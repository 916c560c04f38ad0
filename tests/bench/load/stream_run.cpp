#include "tests/bench/load/stream_run.h"

#include <fmt/core.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace mqz::bench {
namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::size_t events_max = 1024;

std::array<epoll_event, events_max>& events() {
  static std::array<epoll_event, events_max> list;
  return list;
}

std::uint64_t to_ns(double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); }

}  // namespace

StreamRun::StreamRun(const StreamPlan& plan, const Options& options)
    : plan_(plan),
      options_(options),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      order_(plan.streams.size() * plan.copies) {
  subscribers_.reserve(plan.subscribers.size());
  for (std::size_t i = 0; i < plan.subscribers.size(); ++i) {
    subscribers_.emplace_back(options.address, options.v5);
    subscribers_.back().handshake(fmt::format("bench-sub-{}", i), plan.keeps_sessions);
    watch(subscribers_.back(), i);
  }
  publishers_.reserve(plan.publishers);
  for (unsigned i = 0; i < plan.publishers; ++i) {
    publishers_.emplace_back(plan, options, i);
    watch(publishers_.back().client(), subscribers_.size() + i);
  }
}

StreamRun::~StreamRun() { close(epoll_); }

void StreamRun::watch(Client& client, std::size_t number) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = number;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, client.fd(), &event) != 0) die_errno("epoll_ctl");
}

Result StreamRun::subscribe() {
  Result result;
  result.scenario = plan_.name + "-filters";
  result.unit = "filter";
  result.memory_before = settled_memory_of(options_.pid);
  result.begin = take_sample(options_, 0);
  for (std::size_t i = 0; i < subscribers_.size(); ++i) {
    std::vector<Filter> filters;
    for (const std::string& text : plan_.subscribers[i].filters)
      filters.push_back({text, plan_.qos});
    subscribers_[i].subscribe(filters);
    result.objects += filters.size();
  }
  result.end = take_sample(options_, result.objects);
  result.memory_after = settled_memory_of(options_.pid);
  return result;
}

Result StreamRun::stream() {
  Result result;
  result.scenario = plan_.name;
  if (plan_.counts_publishes) result.unit = "publish";
  next_turn_ns_ = next_due_ns_ = now_ns();
  run_until(now_ns() + to_ns(options_.warm_up_seconds));
  recording_ = plan_.rate != 0;
  result.begin = take_sample(options_, measured_count());
  run_until(now_ns() + to_ns(options_.seconds));
  result.end = take_sample(options_, measured_count());
  recording_ = false;
  drain();
  result.latencies_us = std::move(latencies_us_);
  result.faults = check_all();
  for (const Publisher& publisher : publishers_)
    result.disordered_acks += publisher.disordered_acks();
  return result;
}

std::uint64_t StreamRun::measured_count() const {
  return plan_.counts_publishes ? deliveries_ / plan_.copies : deliveries_;
}

void StreamRun::run_until(std::uint64_t deadline_ns) {
  while (now_ns() < deadline_ns) turn(deadline_ns);
}

// Until nothing is outstanding, or nothing has arrived for a second: what is missing then is lost.
void StreamRun::drain() {
  publishing_ = false;
  const auto idle = [](const Publisher& publisher) { return publisher.is_idle(); };
  std::uint64_t seen = deliveries_;
  std::uint64_t give_up = now_ns() + second_ns;
  while (now_ns() < give_up && !std::all_of(publishers_.begin(), publishers_.end(), idle)) {
    turn(now_ns() + second_ns / 100);
    if (deliveries_ != seen) give_up = now_ns() + second_ns;
    seen = deliveries_;
  }
  // Whatever comes now was not asked for: duplicates.
  const std::uint64_t late = now_ns() + second_ns / 20;
  while (now_ns() < late) turn(late);
}

void StreamRun::turn(std::uint64_t deadline_ns) {
  const int count = wait_for_events(deadline_ns);
  turn_ns_ = now_ns();
  for (int i = 0; i < count; ++i) receive(events()[static_cast<std::size_t>(i)].data.u64);
  if (publishing_ && plan_.rate != 0) {
    publish_due();
  } else if (publishing_) {
    top_up();
  }
  flush_all();
}

int StreamRun::wait_for_events(std::uint64_t deadline_ns) {
  timespec wait{};
  if (plan_.linger_us != 0) {
    sleep_until_ns(next_turn_ns_);
    next_turn_ns_ = std::max(now_ns(), next_turn_ns_ + std::uint64_t{plan_.linger_us} * 1000);
  } else {
    const std::uint64_t until = plan_.rate != 0 && publishing_ ? next_due_ns_ : deadline_ns;
    const std::uint64_t now = now_ns();
    wait.tv_nsec = until > now ? static_cast<long>(std::min(until - now, second_ns / 1000)) : 0;
  }
  return epoll_pwait2(epoll_, events().data(), static_cast<int>(events_max), &wait, nullptr);
}

void StreamRun::receive(std::size_t number) {
  bool open = true;
  if (number >= subscribers_.size()) {
    Publisher& publisher = publishers_[number - subscribers_.size()];
    open = publisher.client().receive([&](const Frame& frame) { publisher.on_ack(frame); });
  } else {
    Client& client = subscribers_[number];
    const unsigned ordinal = plan_.subscribers[number].ordinal;
    open = client.receive([&](const Frame& frame) { on_delivery(client, ordinal, frame); });
  }
  if (!open) die("the broker closed a connection");
}

void StreamRun::on_delivery(Client& client, unsigned ordinal, const Frame& frame) {
  if (frame.type == PacketType::pubrel)
    put_ack(client.out(), PacketType::pubcomp, packet_id(frame));
  if (frame.type != PacketType::publish) return;
  const Publish publish = read_publish(frame, client.v5());
  const Stamp stamp = read_stamp(publish.payload);
  if (stamp.stream >= plan_.streams.size()) die("a payload that was never sent");
  if (publish.qos == 1) put_ack(client.out(), PacketType::puback, publish.id);
  if (publish.qos == 2) put_ack(client.out(), PacketType::pubrec, publish.id);
  order_.see(std::size_t{stamp.stream} * plan_.copies + ordinal, stamp.number);
  publishers_[plan_.streams[stamp.stream].publisher].on_delivery();
  ++deliveries_;
  if (recording_)
    latencies_us_.push_back(static_cast<std::uint32_t>((turn_ns_ - stamp.sent_ns) / 1000));
}

void StreamRun::top_up() {
  for (Publisher& publisher : publishers_) {
    const unsigned room = publisher.room();
    for (unsigned i = 0; i < room; ++i) publisher.publish(0);
    published_ += room;
  }
}

void StreamRun::publish_due() {
  for (; next_due_ns_ <= now_ns(); next_due_ns_ += second_ns / plan_.rate) {
    Publisher& publisher = publishers_[next_publisher_];
    next_publisher_ = (next_publisher_ + 1) % publishers_.size();
    if (publisher.room() == 0) die("the broker does not keep up with the fixed rate");
    publisher.publish(now_ns());
    publisher.client().flush();
    ++published_;
  }
}

void StreamRun::flush_all() {
  for (Client& client : subscribers_) client.flush();
  for (Publisher& publisher : publishers_) publisher.client().flush();
}

OrderFaults StreamRun::check_all() {
  for (std::uint32_t s = 0; s < plan_.streams.size(); ++s) {
    const std::uint32_t sent = publishers_[plan_.streams[s].publisher].sent_of(s);
    for (std::size_t copy = 0; copy < plan_.copies; ++copy) {
      order_.finish(s * plan_.copies + copy, sent);
    }
  }
  return order_.faults();
}

}  // namespace mqz::bench
