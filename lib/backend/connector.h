// Connects to a server by whichever of its addresses answers first: the next address is tried when
// one fails, or has not answered for 250 ms (as RFC 8305 asks). Names are resolved beside the loop.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "lib/backend/server.h"
#include "lib/os/poll_target.h"
#include "lib/os/resolver.h"
#include "lib/os/socket.h"

namespace mqz::backend {

class Connector {
 public:
  // `from`: local addresses to connect from, one per family; none: the system chooses.
  Connector(os::Poller& poller, Server server, MonoTime now, std::vector<os::Address> from = {});
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  void tick(MonoTime now);
  std::optional<MonoTime> deadline() const { return next_attempt_at_; }

  // Set once: the connected socket, or why no address works.
  std::optional<Result<os::Fd>>& outcome() { return outcome_; }
  const std::optional<Result<os::Fd>>& outcome() const { return outcome_; }

 private:
  // One descriptor this connector waits for: the resolver's, or an attempt's socket.
  struct Waiting final : os::PollTarget {
    Waiting(Connector& connector, os::Address to) : owner(connector), address(std::move(to)) {}
    void on_poll(const os::PollEvent& event, MonoTime now) override;
    Connector& owner;
    os::Address address;
    os::Fd fd{};
  };

  void begin(MonoTime now);
  void take_addresses(MonoTime now);
  void use(Result<std::vector<os::Address>> addresses, MonoTime now);
  void begin_next(MonoTime now);
  Result<os::Fd> connect_to(const os::Address& address) const;
  void on_attempt(Waiting& attempt, MonoTime now);
  void stop_waiting();
  void settle(Result<os::Fd> outcome);

  os::Poller& poller_;
  Server server_;
  std::vector<os::Address> from_;
  std::optional<os::Resolver> resolver_{};
  std::unique_ptr<Waiting> resolving_{};
  std::vector<os::Address> addresses_{};  // not yet tried, the next one last
  std::vector<std::unique_ptr<Waiting>> attempts_{};
  std::size_t open_attempts_ = 0;
  std::optional<MonoTime> next_attempt_at_{};
  std::optional<Error> last_error_{};
  std::optional<Result<os::Fd>> outcome_{};
};

}  // namespace mqz::backend
