// Waits for descriptors (epoll, level-triggered). One owner, one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/time.h"
#include "lib/os/fd.h"

namespace mqz::os {

enum class Interest : std::uint8_t { none = 0, read = 1, write = 2, read_write = 3 };

struct PollEvent {
  void* token{};    // as given to add
  bool readable{};  // also set on error and hang-up, so that a read finds out
  bool writable{};
  bool hung_up{};  // the peer closed both ways, or an error is pending
};

class Poller {
 public:
  static Result<Poller> open();

  Result<void> add(int fd, Interest interest, void* token);
  void change(int fd, Interest interest, void* token);
  void remove(int fd);  // also needed before a descriptor is handed to another poller

  // Up to 512 events; empty at the time-out (nullopt: none) or on a signal. The span lives until
  // the next wait.
  std::span<const PollEvent> wait(std::optional<Millis> timeout);

 private:
  explicit Poller(Fd epoll) : epoll_(std::move(epoll)) {}
  Fd epoll_{};
  std::vector<PollEvent> events_{};
};

// Wakes a poller from another thread (eventfd). wake may be called by anybody; drain by the owner.
class Wakeup {
 public:
  static Result<Wakeup> open();
  int fd() const { return fd_.get(); }
  void wake() const;
  void drain() const;

 private:
  explicit Wakeup(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_{};
};

}  // namespace mqz::os
