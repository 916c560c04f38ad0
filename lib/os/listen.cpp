// Listening and accepting.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "lib/os/errno_text.h"
#include "lib/os/port_holder.h"
#include "lib/os/sockaddr_text.h"
#include "lib/os/socket.h"

namespace mqz::os {
namespace {

const sockaddr* raw(const Address& address) {
  return reinterpret_cast<const sockaddr*>(address.sockaddr.data());
}

socklen_t raw_size(const Address& address) {
  return static_cast<socklen_t>(address.sockaddr.size());
}

void set_flag(int fd, int level, int option) {
  const int one = 1;
  ::setsockopt(fd, level, option, &one, sizeof one);
}

tl::unexpected<Error> listen_failure(const Address& address, int error) {
  const std::string text = "cannot listen on " + address.text + ": " + errno_text(error);
  if (error == EADDRINUSE) {
    const std::string holder = find_port_holder(address);
    return fail(ErrorCode::conflict, text, holder.empty() ? "" : "held by " + holder);
  }
  return fail(error == EACCES ? ErrorCode::refused : ErrorCode::io, text);
}

// A socket file whose owner is gone refuses connections; it may be replaced.
bool is_stale_socket_file(const Address& address) {
  if (address.text.starts_with('@')) return false;
  const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return probe.is_open() && ::connect(probe.get(), raw(address), raw_size(address)) != 0 &&
         errno == ECONNREFUSED;
}

bool bind_to(int fd, const Address& address) {
  if (::bind(fd, raw(address), raw_size(address)) == 0) return true;
  if (errno != EADDRINUSE || address.family != AF_UNIX) return false;
  if (!is_stale_socket_file(address)) {
    errno = EADDRINUSE;
    return false;
  }
  ::unlink(address.text.c_str());
  return ::bind(fd, raw(address), raw_size(address)) == 0;
}

// Fills in the port that the system chose.
Address bound_address(int fd, const Address& asked) {
  if (asked.family == AF_UNIX) return asked;
  Address bound = asked;
  auto size = raw_size(bound);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(bound.sockaddr.data()), &size);
  bound.text = sockaddr_text(bound.sockaddr);
  return bound;
}

}  // namespace

Result<Listener> listen_on(const Address& address, bool tcp_nodelay) {
  if (address.sockaddr.empty()) {
    return fail(ErrorCode::invalid, "cannot listen on " + address.text + ": the path is too long");
  }
  Fd fd(::socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return listen_failure(address, errno);
  if (address.family != AF_UNIX) set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (address.family == AF_INET6) set_flag(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (address.family != AF_UNIX && tcp_nodelay) set_flag(fd.get(), IPPROTO_TCP, TCP_NODELAY);
  if (!bind_to(fd.get(), address)) return listen_failure(address, errno);
  // The kernel cuts the backlog to net.core.somaxconn.
  if (::listen(fd.get(), INT_MAX) != 0) return listen_failure(address, errno);
  Address bound = bound_address(fd.get(), address);
  return Listener{std::move(fd), std::move(bound)};
}

AcceptResult accept_on(const Listener& listener, bool with_peer) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  auto* where = with_peer ? reinterpret_cast<sockaddr*>(&peer) : nullptr;
  int fd = -1;
  do {
    fd = ::accept4(listener.fd.get(), where, with_peer ? &size : nullptr,
                   SOCK_NONBLOCK | SOCK_CLOEXEC);
  } while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
  if (fd < 0) {
    const int error = errno;
    return {error == EAGAIN ? IoStatus::would_block : IoStatus::failed, {}, error};
  }
  AcceptResult result{IoStatus::ok, {Fd(fd), {}}, 0};
  if (with_peer) {
    result.accepted.peer = sockaddr_text({reinterpret_cast<const std::byte*>(&peer), size});
  }
  return result;
}

std::string peer_text(int fd) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return {};
  return sockaddr_text({reinterpret_cast<const std::byte*>(&peer), size});
}

}  // namespace mqz::os
