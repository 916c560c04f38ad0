#include "lib/os/poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include "lib/base/check.h"
#include "lib/os/errno_text.h"

namespace mqz::os {
namespace {

constexpr std::size_t events_max = 512;

epoll_event to_epoll(Interest interest, void* token) {
  epoll_event event{};
  const auto bits = static_cast<unsigned>(interest);
  if ((bits & static_cast<unsigned>(Interest::read)) != 0) event.events |= EPOLLIN;
  if ((bits & static_cast<unsigned>(Interest::write)) != 0) event.events |= EPOLLOUT;
  event.data.ptr = token;
  return event;
}

int to_epoll_timeout(std::optional<Millis> timeout) {
  if (!timeout) return -1;
  return static_cast<int>(std::clamp<std::int64_t>(timeout->count(), 0, INT_MAX));
}

}  // namespace

Result<Poller> Poller::open() {
  Fd fd(::epoll_create1(EPOLL_CLOEXEC));
  if (!fd.is_open()) return fail(ErrorCode::io, "cannot open an epoll: " + errno_text(errno));
  Poller poller(std::move(fd));
  poller.events_.resize(events_max);
  return poller;
}

Result<void> Poller::add(int fd, Interest interest, void* token) {
  epoll_event event = to_epoll(interest, token);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return fail(ErrorCode::io, "cannot wait for a descriptor: " + errno_text(errno));
  }
  return {};
}

void Poller::change(int fd, Interest interest, void* token) {
  epoll_event event = to_epoll(interest, token);
  MQZ_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0);
}

void Poller::remove(int fd) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

std::span<const PollEvent> Poller::wait(std::optional<Millis> timeout) {
  std::array<epoll_event, events_max> ready;
  const int count = ::epoll_wait(epoll_.get(), ready.data(), events_max, to_epoll_timeout(timeout));
  if (count <= 0) return {};
  const auto used = static_cast<std::size_t>(count);
  for (std::size_t i = 0; i < used; ++i) {
    const std::uint32_t bits = ready[i].events;
    events_[i] = {ready[i].data.ptr, (bits & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0,
                  (bits & EPOLLOUT) != 0, (bits & (EPOLLERR | EPOLLHUP)) != 0};
  }
  return {events_.data(), used};
}

Result<Wakeup> Wakeup::open() {
  Fd fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!fd.is_open()) return fail(ErrorCode::io, "cannot open an eventfd: " + errno_text(errno));
  return Wakeup(std::move(fd));
}

// A full counter cannot block: whoever filled it has woken the poller already.
void Wakeup::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t wrote = ::write(fd_.get(), &one, sizeof one);
}

void Wakeup::drain() const {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(fd_.get(), &count, sizeof count);
}

}  // namespace mqz::os
