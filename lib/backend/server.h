// Where a server is: host and port, or a Unix socket.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.h"

namespace mqz::backend {

struct Server {
  std::string host{};
  std::uint16_t port{};
  std::string unix_path{};   // instead of host and port
  std::string text() const;  // "localhost:1883", "[::1]:1883", "/run/mqz.sock"
  friend bool operator==(const Server&, const Server&) = default;
};

// "h1,h2:1884,[::1]:1885"; a bare IPv6 address has no port. A host that begins with / is a socket.
Result<std::vector<Server>> parse_servers(std::string_view list, std::uint16_t default_port);

}  // namespace mqz::backend
