#include "lib/backend/connector.h"

#include <algorithm>

namespace mqz::backend {
namespace {

constexpr Millis head_start{250};

}  // namespace

Connector::Connector(os::Poller& poller, Server server, MonoTime now, std::vector<os::Address> from)
    : poller_(poller), server_(std::move(server)), from_(std::move(from)) {
  begin(now);
}

void Connector::begin(MonoTime now) {
  if (!server_.unix_path.empty()) {
    return use(std::vector<os::Address>{os::unix_address(server_.unix_path)}, now);
  }
  if (auto known = os::resolve_at_once(server_.host, server_.port)) {
    return use(std::move(*known), now);
  }
  auto resolver = os::Resolver::start(server_.host, server_.port);
  if (!resolver) return settle(tl::unexpected(resolver.error()));
  resolver_ = std::move(*resolver);
  resolving_ = std::make_unique<Waiting>(*this, os::Address{});
  if (auto added = poller_.add(resolver_->fd(), os::Interest::read, resolving_.get()); !added) {
    settle(tl::unexpected(added.error()));
  }
}

Connector::~Connector() { stop_waiting(); }

void Connector::Waiting::on_poll(const os::PollEvent&, MonoTime now) {
  if (owner.outcome_) return;
  if (this == owner.resolving_.get()) {
    owner.take_addresses(now);
  } else {
    owner.on_attempt(*this, now);
  }
}

void Connector::take_addresses(MonoTime now) {
  if (!resolver_) return;
  auto answer = resolver_->take();
  if (!answer) return;
  poller_.remove(resolver_->fd());
  resolver_.reset();
  use(std::move(*answer), now);
}

void Connector::use(Result<std::vector<os::Address>> addresses, MonoTime now) {
  if (!addresses) return settle(tl::unexpected(addresses.error()));
  addresses_ = std::move(*addresses);
  // What the user wrote is what the user recognizes in an error.
  for (os::Address& address : addresses_) address.text = server_.text();
  std::reverse(addresses_.begin(), addresses_.end());
  begin_next(now);
}

Result<os::Fd> Connector::connect_to(const os::Address& address) const {
  if (from_.empty()) return os::start_connect(address);
  for (const os::Address& from : from_) {
    if (from.family == address.family) return os::start_connect(address, true, &from);
  }
  return fail(ErrorCode::unavailable, "cannot connect to " + address.text + " from " +
                                          from_.front().text + ": one is IPv4, the other is IPv6");
}

void Connector::begin_next(MonoTime now) {
  next_attempt_at_.reset();
  while (!addresses_.empty()) {
    auto attempt = std::make_unique<Waiting>(*this, std::move(addresses_.back()));
    addresses_.pop_back();
    auto fd = connect_to(attempt->address);
    if (!fd) {
      last_error_ = fd.error();
      continue;
    }
    attempt->fd = std::move(*fd);
    if (auto added = poller_.add(attempt->fd.get(), os::Interest::write, attempt.get()); !added) {
      return settle(tl::unexpected(added.error()));
    }
    attempts_.push_back(std::move(attempt));
    ++open_attempts_;
    if (!addresses_.empty()) next_attempt_at_ = now + head_start;
    return;
  }
  if (open_attempts_ == 0) {
    settle(tl::unexpected(last_error_.value_or(
        Error{ErrorCode::unavailable, "\"" + server_.host + "\" has no address", {}})));
  }
}

void Connector::on_attempt(Waiting& attempt, MonoTime now) {
  if (!attempt.fd.is_open()) return;
  poller_.remove(attempt.fd.get());
  --open_attempts_;
  if (auto result = os::connect_result(attempt.fd.get(), attempt.address); !result) {
    last_error_ = result.error();
    attempt.fd.close();
    return begin_next(now);
  }
  settle(std::move(attempt.fd));
}

void Connector::tick(MonoTime now) {
  if (!outcome_ && next_attempt_at_ && now >= *next_attempt_at_) begin_next(now);
}

void Connector::stop_waiting() {
  if (resolver_) poller_.remove(resolver_->fd());
  resolver_.reset();
  for (const auto& attempt : attempts_) {
    if (!attempt->fd.is_open()) continue;
    poller_.remove(attempt->fd.get());
    attempt->fd.close();
  }
  next_attempt_at_.reset();
}

void Connector::settle(Result<os::Fd> outcome) {
  stop_waiting();
  outcome_ = std::move(outcome);
}

}  // namespace mqz::backend
