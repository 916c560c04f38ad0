#include "tests/bench/load/connect_run.h"

#include <fmt/core.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace mqz::bench {
namespace {

constexpr unsigned concurrency = 50;  // below the accept queue of a broker that asks for 100

std::uint64_t after_ns(double seconds) {
  return now_ns() + static_cast<std::uint64_t>(seconds * 1e9);
}

}  // namespace

ConnectRun::ConnectRun(const ConnectPlan& plan, const Options& options)
    : plan_(plan), options_(options), epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

ConnectRun::~ConnectRun() { close(epoll_); }

Result ConnectRun::hold(unsigned clients) {
  Result result;
  result.scenario = plan_.name;
  result.unit = "connection";
  result.objects = clients;
  result.memory_before = settled_memory_of(options_.pid);
  result.begin = take_sample(options_, 0);
  while (done_ < clients) {
    while (pending_.size() < concurrency && opened_ < clients) open_one();
    turn();
  }
  result.end = take_sample(options_, done_);
  result.memory_after = settled_memory_of(options_.pid);
  return result;
}

Result ConnectRun::churn() {
  Result result;
  result.scenario = plan_.name;
  result.unit = "cycle";
  result.memory_before = settled_memory_of(options_.pid);
  churn_until(after_ns(options_.warm_up_seconds));
  result.begin = take_sample(options_, done_);
  churn_until(after_ns(options_.seconds));
  result.end = take_sample(options_, done_);
  while (!pending_.empty()) turn();
  result.memory_after = settled_memory_of(options_.pid);
  result.objects = done_;
  return result;
}

void ConnectRun::churn_until(std::uint64_t deadline_ns) {
  while (now_ns() < deadline_ns) {
    while (pending_.size() < concurrency) open_one();
    turn();
  }
}

void ConnectRun::open_one() {
  ++opened_;
  Client client(options_.address, options_.v5, opened_);
  const int fd = client.fd();
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) die_errno("epoll_ctl");
  put_connect(client.out(), {fmt::format("bench-{}", opened_), options_.v5, false});
  client.flush();
  pending_.emplace(fd, std::move(client));
}

void ConnectRun::turn() {
  std::array<epoll_event, concurrency> events{};
  constexpr int patience_ms = 10'000;
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), patience_ms);
  if (count <= 0) die("no answer from the broker in 10 s");
  for (int i = 0; i < count; ++i) {
    Client& client = pending_.at(events[static_cast<std::size_t>(i)].data.fd);
    const bool open = client.receive([&](const Frame& frame) { on_frame(client, frame); });
    if (!open) die(fmt::format("the broker closed connection {}", opened_));
    client.flush();
  }
  for (const int fd : finished_) finish(pending_.at(fd));
  finished_.clear();
}

void ConnectRun::on_frame(Client& client, const Frame& frame) {
  if (frame.type == PacketType::connack && byte_at(frame.body, 1) != 0)
    die("CONNACK with a refusal");
  if (frame.type == PacketType::connack && plan_.subscribes) {
    const std::string filter = fmt::format("bench/one/{}", client.fd());
    put_subscribe(client.out(), 1, {{filter, 0}}, client.v5());
  } else {
    finished_.push_back(client.fd());
  }
}

void ConnectRun::finish(Client& client) {
  const int fd = client.fd();
  ++done_;
  if (plan_.leaves) {
    client.disconnect();
  } else {
    epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
    held_.push_back(std::move(client));
  }
  pending_.erase(fd);
}

}  // namespace mqz::bench
