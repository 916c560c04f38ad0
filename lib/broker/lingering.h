// Sockets that have said their last word and wait for the peer to close, so that unread input does
// not make the system throw that word away.
#pragma once

#include <list>
#include <span>

#include "lib/base/time.h"
#include "lib/os/fd.h"
#include "lib/os/poller.h"

namespace mqz::broker {

class Lingering {
 public:
  static constexpr Millis limit{1000};
  static constexpr std::size_t sockets_max = 4096;  // beyond it the oldest are closed

  // A socket the poller knows; it is shut down for writing and closed when the peer has closed, or
  // at the limit.
  void add(os::Poller& poller, os::Fd fd, MonoTime now);
  // Is it a token of PollEvent that belongs to one of them? Then there is something to read.
  bool is_mine(const void* token) {
    has_input_ |= token == this;
    return token == this;
  }
  // Once a turn: throws away what came, and closes those whose peer has closed or whose time is up.
  void read_all(os::Poller& poller, MonoTime now);
  bool empty() const { return sockets_.empty(); }
  std::optional<MonoTime> next_deadline() const;

 private:
  struct Socket {
    os::Fd fd{};
    MonoTime until{};
  };
  std::list<Socket> sockets_{};  // oldest first
  bool has_input_ = false;
};

}  // namespace mqz::broker
