// Connecting, reading and writing.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "lib/os/errno_text.h"
#include "lib/os/socket.h"

namespace mqz::os {
namespace {

tl::unexpected<Error> connect_failure(const Address& address, int error) {
  return fail(ErrorCode::unavailable,
              "cannot connect to " + address.text + ": " + errno_text(error));
}

IoResult io_failure(int error) {
  if (error == EAGAIN) return {IoStatus::would_block, 0, error};
  if (error == EPIPE || error == ECONNRESET) return {IoStatus::closed, 0, error};
  return {IoStatus::failed, 0, error};
}

}  // namespace

Result<Fd> start_connect(const Address& address, bool tcp_nodelay, const Address* from) {
  if (address.sockaddr.empty()) return connect_failure(address, ENAMETOOLONG);
  Fd fd(::socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return connect_failure(address, errno);
  if (tcp_nodelay && address.family != AF_UNIX) {
    const int one = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }
  if (from != nullptr) {
    const auto* local = reinterpret_cast<const sockaddr*>(from->sockaddr.data());
    if (::bind(fd.get(), local, static_cast<socklen_t>(from->sockaddr.size())) != 0) {
      return fail(ErrorCode::unavailable,
                  "cannot connect from " + from->text + ": " + errno_text(errno));
    }
  }
  const int code = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(address.sockaddr.data()),
                             static_cast<socklen_t>(address.sockaddr.size()));
  if (code != 0 && errno != EINPROGRESS) return connect_failure(address, errno);
  return fd;
}

Result<void> connect_result(int fd, const Address& address) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return connect_failure(address, error);
  return {};
}

IoResult read_some(int fd, std::span<std::byte> into) {
  ssize_t got = 0;
  do {
    got = ::recv(fd, into.data(), into.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return io_failure(errno);
  if (got == 0 && !into.empty()) return {IoStatus::closed, 0, 0};
  return {IoStatus::ok, static_cast<std::size_t>(got), 0};
}

IoResult write_some(int fd, Bytes from) {
  ssize_t wrote = 0;
  do {
    wrote = ::send(fd, from.data(), from.size(), MSG_NOSIGNAL);
  } while (wrote < 0 && errno == EINTR);
  if (wrote < 0) return io_failure(errno);
  return {IoStatus::ok, static_cast<std::size_t>(wrote), 0};
}

IoResult write_some(int fd, std::span<const iovec> from) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(from.data());  // sendmsg does not write to it
  message.msg_iovlen = from.size();
  ssize_t wrote = 0;
  do {
    wrote = ::sendmsg(fd, &message, MSG_NOSIGNAL);
  } while (wrote < 0 && errno == EINTR);
  if (wrote < 0) return io_failure(errno);
  return {IoStatus::ok, static_cast<std::size_t>(wrote), 0};
}

void shutdown_write(int fd) { ::shutdown(fd, SHUT_WR); }

}  // namespace mqz::os
