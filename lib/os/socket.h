// Stream sockets: TCP over IPv4 and IPv6, and Unix sockets. Everything is non-blocking and
// close-on-exec. Errors name host and port and carry the system's own words.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/error.h"
#include "lib/os/fd.h"

namespace mqz::os {

// One address to listen on or connect to, resolved.
struct Address {
  std::vector<std::byte> sockaddr{};  // what the system calls take
  int family{};
  std::string text{};  // "127.0.0.1:1883", "[::1]:1883", "/run/mqz.sock"
};

// Blocks in getaddrinfo for names; literals and "localhost" cost nothing ("localhost" is both
// loopback addresses, [::1] first, whatever the resolver says). ErrorCode::unavailable when the
// name is unknown: `cannot resolve "nosuchhost.invalid": Name or service not known`.
Result<std::vector<Address>> resolve(std::string_view host, std::uint16_t port);
Address unix_address(std::string_view path);

struct Listener {
  Fd fd{};
  Address address{};  // with the real port when 0 was asked
};

// SO_REUSEADDR, TCP_NODELAY (inherited by what is accepted), IPV6_V6ONLY, the backlog as large as
// the system allows. ErrorCode::conflict when in use; the hint then names the process that holds it
// if /proc tells.
Result<Listener> listen_on(const Address& address, bool tcp_nodelay = true);

struct Accepted {
  Fd fd{};
  std::string peer{};  // text of the address; filled only when asked
};

enum class IoStatus : std::uint8_t { ok, would_block, closed, failed };

// One accept4. would_block when nobody waits; failed with errno kept in `error` (EMFILE and such).
struct AcceptResult {
  IoStatus status{};
  Accepted accepted{};
  int error{};
};
AcceptResult accept_on(const Listener& listener, bool with_peer);
std::string peer_text(int fd);

// Starts a connection; finished when the descriptor turns writable: then connect_result.
// From the local address `from`, which must be of the same family, if one is given.
Result<Fd> start_connect(const Address& address, bool tcp_nodelay = true,
                         const Address* from = nullptr);
// ok, or the reason with the address named: `cannot connect to 127.0.0.1:21999: Connection
// refused`.
Result<void> connect_result(int fd, const Address& address);

struct IoResult {
  IoStatus status{};
  std::size_t bytes{};
  int error{};
};
IoResult read_some(int fd, std::span<std::byte> into);
IoResult write_some(int fd, Bytes from);
IoResult write_some(int fd, std::span<const iovec> from);

void shutdown_write(int fd);

}  // namespace mqz::os
