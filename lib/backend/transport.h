// The bytes of one established connection: plain sockets here, TLS elsewhere behind the same calls.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "lib/backend/server.h"
#include "lib/base/bytes.h"
#include "lib/os/socket.h"

namespace mqz::backend {

class Transport {
 public:
  enum class Progress : std::uint8_t { done, wants_read, wants_write };

  virtual ~Transport() = default;
  virtual int fd() const = 0;
  // Called when the socket is connected and again after each readiness, until done. An error ends
  // it.
  virtual Result<Progress> handshake() { return Progress::done; }
  virtual os::IoResult read(std::span<std::byte> into) = 0;
  virtual os::IoResult write(Bytes from) = 0;
  // True when read may give bytes that the descriptor will not announce.
  virtual bool has_buffered() const { return false; }
  virtual void shutdown_write() = 0;
};

using MakeTransport = std::function<std::unique_ptr<Transport>(os::Fd, const Server&)>;

std::unique_ptr<Transport> make_plain_transport(os::Fd fd, const Server& server);

}  // namespace mqz::backend
