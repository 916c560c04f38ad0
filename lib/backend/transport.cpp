#include "lib/backend/transport.h"

namespace mqz::backend {
namespace {

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(os::Fd fd) : fd_(std::move(fd)) {}
  int fd() const override { return fd_.get(); }
  os::IoResult read(std::span<std::byte> into) override { return os::read_some(fd_.get(), into); }
  os::IoResult write(Bytes from) override { return os::write_some(fd_.get(), from); }
  void shutdown_write() override { os::shutdown_write(fd_.get()); }

 private:
  os::Fd fd_;
};

}  // namespace

std::unique_ptr<Transport> make_plain_transport(os::Fd fd, const Server&) {
  return std::make_unique<PlainTransport>(std::move(fd));
}

}  // namespace mqz::backend
