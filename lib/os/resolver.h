// Names to addresses without blocking the loop: what needs the network is asked on a thread of its
// own, which is left behind when nobody waits any more.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/os/poller.h"
#include "lib/os/socket.h"

namespace mqz::os {

// Literals, "localhost" and what cannot be a name; nullopt for what needs the resolver.
std::optional<Result<std::vector<Address>>> resolve_at_once(std::string_view host,
                                                            std::uint16_t port);

class Resolver {
 public:
  static Result<Resolver> start(std::string_view host, std::uint16_t port);

  int fd() const;  // readable when the answer is there
  std::optional<Result<std::vector<Address>>> take();

 private:
  struct Pending;
  explicit Resolver(std::shared_ptr<Pending> pending) : pending_(std::move(pending)) {}
  std::shared_ptr<Pending> pending_;
};

}  // namespace mqz::os
