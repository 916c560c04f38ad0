#include "lib/os/resolver.h"

#include <atomic>
#include <system_error>
#include <thread>

namespace mqz::os {

struct Resolver::Pending {
  Pending(Wakeup made, std::string_view host_asked, std::uint16_t port_asked)
      : wakeup(std::move(made)), host(host_asked), port(port_asked) {}
  Wakeup wakeup;
  std::string host;
  std::uint16_t port;
  std::atomic<bool> done = false;  // set after the answer is written
  Result<std::vector<Address>> answer{};
};

Result<Resolver> Resolver::start(std::string_view host, std::uint16_t port) {
  auto wakeup = Wakeup::open();
  if (!wakeup) return tl::unexpected(wakeup.error());
  auto pending = std::make_shared<Pending>(std::move(*wakeup), host, port);
  try {
    std::thread([pending] {
      pending->answer = resolve(pending->host, pending->port);
      pending->done = true;
      pending->wakeup.wake();
    }).detach();
  } catch (const std::system_error& error) {
    return fail(ErrorCode::io, std::string("cannot start a thread: ") + error.what());
  }
  return Resolver(std::move(pending));
}

int Resolver::fd() const { return pending_->wakeup.fd(); }

std::optional<Result<std::vector<Address>>> Resolver::take() {
  if (!pending_->done) return std::nullopt;
  return std::move(pending_->answer);
}

}  // namespace mqz::os
