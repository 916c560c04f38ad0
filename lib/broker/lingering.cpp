#include "lib/broker/lingering.h"

#include <array>
#include <utility>

#include "lib/os/socket.h"

namespace mqz::broker {
namespace {

// True when the peer has closed.
bool swallow(int fd) {
  std::array<std::byte, 4096> room;
  for (int reads = 0; reads < 16; ++reads) {
    const os::IoResult result = os::read_some(fd, room);
    if (result.status == os::IoStatus::would_block) return false;
    if (result.status != os::IoStatus::ok) return true;
  }
  return false;
}

}  // namespace

void Lingering::add(os::Poller& poller, os::Fd fd, MonoTime now) {
  os::shutdown_write(fd.get());
  if (swallow(fd.get())) {
    poller.remove(fd.get());
    return;
  }
  if (sockets_.size() >= sockets_max) {
    poller.remove(sockets_.front().fd.get());
    sockets_.pop_front();
  }
  poller.remove(fd.get());
  if (!poller.add(fd.get(), os::Interest::read, this)) return;
  sockets_.push_back({std::move(fd), now + limit});
}

void Lingering::read_all(os::Poller& poller, MonoTime now) {
  const bool is_due = !sockets_.empty() && sockets_.front().until <= now;
  if (!std::exchange(has_input_, false) && !is_due) return;
  for (auto at = sockets_.begin(); at != sockets_.end();) {
    if (at->until <= now || swallow(at->fd.get())) {
      poller.remove(at->fd.get());
      at = sockets_.erase(at);
    } else {
      ++at;
    }
  }
}

std::optional<MonoTime> Lingering::next_deadline() const {
  if (sockets_.empty()) return std::nullopt;
  return sockets_.front().until;
}

}  // namespace mqz::broker
