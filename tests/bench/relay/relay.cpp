#include "tests/bench/relay/relay.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace mqz::bench {
namespace {

constexpr std::size_t buffer_bytes = 256 << 10;
constexpr std::size_t backlog_bytes = 4 << 20;  // a receiver further behind is waited for

}  // namespace

struct Relay::Connection {
  int fd = -1;
  bool v5 = false;
  bool touched = false;
  bool closing = false;
  std::uint16_t last_id = 0;
  std::string tail;  // the beginning of a packet
  std::string out;
  std::size_t sent = 0;
  std::string last_topic;  // and who receives it
  const Receivers* last_receivers = nullptr;
  std::vector<Receivers*> subscriptions;
};

Relay::Relay(const RelayOptions& options)
    : options_(options),
      listener_(listen_on(options.address)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      buffer_(buffer_bytes) {
  watch(listener_, nullptr);
  if (options_.log_path.empty()) return;
  log_ = std::make_unique<CommitLog>(options_.log_path);
  watch(log_->fd(), log_.get());
}

void Relay::watch(int fd, void* source) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = source;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
}

Relay::~Relay() = default;

void Relay::run() {
  std::array<epoll_event, 256> events{};
  for (;;) {
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      auto* connection = static_cast<Connection*>(event.data.ptr);
      if (connection == nullptr) {
        accept_all();
      } else if (event.data.ptr == log_.get()) {
        release_committed();
      } else {
        if ((event.events & EPOLLOUT) != 0) flush(*connection);
        if ((event.events & ~EPOLLOUT) != 0) receive(*connection);
      }
    }
    flush_touched();
  }
}

void Relay::accept_all() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto& connection = connections_[fd];
    connection = std::make_unique<Connection>();
    connection->fd = fd;
    watch(fd, connection.get());
  }
}

void Relay::receive(Connection& from) {
  const std::size_t kept = from.tail.size();
  if (kept * 2 > buffer_.size()) buffer_.resize(buffer_.size() * 2);
  std::memcpy(buffer_.data(), from.tail.data(), kept);
  const ssize_t n = recv(from.fd, buffer_.data() + kept, buffer_.size() - kept, 0);
  if (n == 0 || (n < 0 && errno != EAGAIN)) return close_connection(from);
  if (n < 0) return;
  std::string_view in(buffer_.data(), kept + static_cast<std::size_t>(n));
  for (Frame frame; take_frame(in, frame);) on_frame(from, frame);
  send_run();
  from.tail.assign(in);
  if (from.closing) close_connection(from);
}

void Relay::on_frame(Connection& from, const Frame& frame) {
  switch (frame.type) {
    case PacketType::publish: on_publish(from, frame); break;
    case PacketType::pubrel: put_ack(output_of(from), PacketType::pubcomp, packet_id(frame)); break;
    case PacketType::pubrec: put_ack(output_of(from), PacketType::pubrel, packet_id(frame)); break;
    case PacketType::connect:
      from.v5 = connect_is_v5(frame);
      put_connack(output_of(from), from.v5);
      break;
    case PacketType::subscribe: on_subscribe(from, frame); break;
    case PacketType::pingreq: put_pingresp(output_of(from)); break;
    case PacketType::disconnect: from.closing = true; break;
    case PacketType::puback:
    case PacketType::pubcomp:
    case PacketType::connack:
    case PacketType::suback:
    case PacketType::unsubscribe:
    case PacketType::unsuback:
    case PacketType::pingresp:
    case PacketType::auth: break;
  }
}

void Relay::on_subscribe(Connection& from, const Frame& frame) {
  const std::vector<Filter> filters = read_subscribe(frame, from.v5);
  for (const Filter& filter : filters) {
    Receivers& receivers = topics_[std::string(filter.text)];
    receivers.push_back({&from, filter.qos});
    from.subscriptions.push_back(&receivers);
  }
  put_suback(output_of(from), packet_id(frame), filters, from.v5);
}

void Relay::on_publish(Connection& from, const Frame& frame) {
  const Publish publish = read_publish(frame, from.v5);
  const Receivers& receivers = find_receivers(from, publish.topic);
  acknowledge(from, frame, publish);
  if (options_.fault != Fault::none && inject_fault(receivers, frame, publish, from.v5)) return;
  if (publish.qos > 0) return forward(receivers, frame, publish);
  if (run_.receivers == &receivers) {
    run_.bytes = {run_.bytes.data(), run_.bytes.size() + frame.whole.size()};
  } else {
    send_run();
    run_ = {&receivers, frame.whole};
  }
}

void Relay::acknowledge(Connection& from, const Frame& frame, const Publish& publish) {
  if (publish.qos == 0) return;
  const PacketType type = publish.qos == 1 ? PacketType::puback : PacketType::pubrec;
  if (log_ == nullptr) return put_ack(output_of(from), type, publish.id);
  log_->append(frame.whole);
  owed_.push_back({&from, type, publish.id});
}

void Relay::release_committed() {
  const std::uint64_t committed = log_->take_committed();
  for (; released_ < committed; ++released_) {
    const Owed& owed = owed_.front();
    if (owed.connection != nullptr) put_ack(output_of(*owed.connection), owed.type, owed.id);
    owed_.pop_front();
  }
}

// True when the message needs no more forwarding.
bool Relay::inject_fault(const Receivers& receivers, const Frame& frame, const Publish& publish,
                         bool v5) {
  const bool hit = ++published_ % options_.every == 0;
  send_run();
  if (hit && options_.fault == Fault::swap && held_for_ == nullptr) {
    held_.assign(frame.whole);
    held_for_ = &receivers;
    return true;
  }
  if (hit && options_.fault == Fault::duplicate) forward(receivers, frame, publish);
  if (!hit || options_.fault != Fault::drop) forward(receivers, frame, publish);
  if (held_for_ != nullptr) {
    std::string_view rest = held_;
    Frame held;
    take_frame(rest, held);
    forward(*held_for_, held, read_publish(held, v5));
    held_for_ = nullptr;
  }
  return true;
}

void Relay::forward(const Receivers& receivers, const Frame& frame, const Publish& publish) {
  for (const Receiver& receiver : receivers) {
    Connection& to = *receiver.connection;
    std::string& out = output_of(to);
    const std::size_t start = out.size();
    out.append(frame.whole);
    if (publish.qos == 0) continue;
    to.last_id = static_cast<std::uint16_t>(to.last_id % 65'535 + 1);
    out[start + publish.id_offset] = static_cast<char>(to.last_id >> 8);
    out[start + publish.id_offset + 1] = static_cast<char>(to.last_id & 0xff);
  }
}

void Relay::send_run() {
  if (run_.receivers == nullptr) return;
  for (const Receiver& receiver : *run_.receivers)
    output_of(*receiver.connection).append(run_.bytes);
  run_ = {};
}

const Relay::Receivers& Relay::find_receivers(Connection& from, std::string_view topic) {
  if (from.last_receivers != nullptr && from.last_topic == topic) return *from.last_receivers;
  auto found = topics_.find(topic);
  if (found == topics_.end()) found = topics_.emplace(std::string(topic), Receivers{}).first;
  from.last_topic.assign(topic);
  from.last_receivers = &found->second;
  return found->second;
}

std::string& Relay::output_of(Connection& connection) {
  if (!connection.touched) touched_.push_back(&connection);
  connection.touched = true;
  return connection.out;
}

void Relay::flush(Connection& to) {
  const bool was_waiting = to.sent > 0;
  while (to.sent < to.out.size()) {
    const std::size_t left = to.out.size() - to.sent;
    const ssize_t n = send(to.fd, to.out.data() + to.sent, left, MSG_NOSIGNAL);
    if (n >= 0) {
      to.sent += static_cast<std::size_t>(n);
      continue;
    }
    if (errno != EAGAIN) to.sent = to.out.size();  // the reading side notices the end
    if (left <= backlog_bytes) break;
    pollfd wait{to.fd, POLLOUT, 0};
    poll(&wait, 1, 1000);
  }
  const bool waits = to.sent < to.out.size();
  if (!waits) {
    to.out.clear();
    to.sent = 0;
  }
  if (waits == was_waiting) return;
  epoll_event event{};
  event.events = waits ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &to;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, to.fd, &event);
}

void Relay::flush_touched() {
  for (Connection* connection : touched_) {
    connection->touched = false;
    flush(*connection);
  }
  touched_.clear();
}

void Relay::close_connection(Connection& connection) {
  const auto is_mine = [&](const Receiver& receiver) { return receiver.connection == &connection; };
  for (Receivers* receivers : connection.subscriptions) {
    receivers->erase(std::remove_if(receivers->begin(), receivers->end(), is_mine),
                     receivers->end());
  }
  std::erase(touched_, &connection);
  for (Owed& owed : owed_) {
    if (owed.connection == &connection) owed.connection = nullptr;
  }
  const int fd = connection.fd;
  close(fd);
  connections_.erase(fd);
}

}  // namespace mqz::bench
