#include "tests/bench/load/client.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace mqz::bench {
namespace {

constexpr std::size_t chunk_bytes = 1 << 20;
constexpr std::size_t filters_per_subscribe = 100;

std::vector<char>& shared_buffer() {
  thread_local std::vector<char> buffer(chunk_bytes);
  return buffer;
}

}  // namespace

Client::Client(const Address& address, bool v5, unsigned spread)
    : fd_(connect_to(address, spread)), v5_(v5) {}

Client::Client(Client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      v5_(other.v5_),
      out_(std::move(other.out_)),
      sent_(other.sent_),
      tail_(std::move(other.tail_)) {}

Client::~Client() {
  if (fd_ >= 0) close(fd_);
}

void Client::handshake(std::string_view client_id, bool keep_session) {
  put_connect(out_, {client_id, v5_, keep_session});
  std::string body;
  await(PacketType::connack, body);
  if (body[1] != 0) die(fmt::format("CONNACK with code {}", byte_at(body, 1)));
}

void Client::subscribe(const std::vector<Filter>& filters) {
  for (std::size_t at = 0; at < filters.size(); at += filters_per_subscribe) {
    const std::size_t end = std::min(filters.size(), at + filters_per_subscribe);
    const auto first = filters.begin() + static_cast<std::ptrdiff_t>(at);
    const std::vector<Filter> some(first, first + static_cast<std::ptrdiff_t>(end - at));
    put_subscribe(out_, 1, some, v5_);
    std::string body;
    await(PacketType::suback, body);
    const std::string_view codes = std::string_view(body).substr(body.size() - some.size());
    const bool refused = std::any_of(codes.begin(), codes.end(), [](char c) { return c & '\x80'; });
    if (refused) die("a filter was refused");
  }
}

void Client::disconnect() {
  put_disconnect(out_);
  flush();
  shutdown(fd_, SHUT_WR);
}

bool Client::flush() {
  while (sent_ < out_.size()) {
    const ssize_t n =
        send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n <= 0) {
      if (n < 0 && errno != EAGAIN && errno != EINTR) die_errno("the broker closed a connection");
      return false;
    }
    sent_ += static_cast<std::size_t>(n);
  }
  out_.clear();
  sent_ = 0;
  return true;
}

Client::Chunk Client::read_chunk() {
  std::vector<char>& buffer = shared_buffer();
  if (tail_.size() * 2 > buffer.size()) die("a packet of more than 512 KiB");
  std::memcpy(buffer.data(), tail_.data(), tail_.size());
  const std::size_t room = buffer.size() - tail_.size();
  const ssize_t n = recv(fd_, buffer.data() + tail_.size(), room, MSG_DONTWAIT);
  Chunk chunk;
  chunk.closed = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
  const std::size_t got = n > 0 ? static_cast<std::size_t>(n) : 0;
  chunk.last = got < room;
  chunk.bytes = std::string_view(buffer.data(), tail_.size() + got);
  return chunk;
}

// Publishes that cross the answer (retained ones, another's) are not expected during set-up.
void Client::await(PacketType type, std::string& body) {
  constexpr int patience_ms = 10'000;
  for (bool found = false; !found;) {
    const bool sent = flush();
    pollfd wait{fd_, static_cast<short>(sent ? POLLIN : POLLIN | POLLOUT), 0};
    if (poll(&wait, 1, patience_ms) <= 0) die("no answer from the broker in 10 s");
    const bool open = receive([&](const Frame& frame) {
      if (frame.type != type) return;
      body.assign(frame.body);
      found = true;
    });
    if (!open && !found) die("the broker closed a connection during set-up");
  }
}

}  // namespace mqz::bench
