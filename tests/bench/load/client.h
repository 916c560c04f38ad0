// One MQTT client of the load generator: a socket, what it has not sent yet, and the beginning of a
// packet that has not arrived whole. Set-up calls block, for at most ten seconds; the rest never
// does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/host.h"
#include "tests/bench/wire.h"

namespace mqz::bench {

class Client {
 public:
  Client(const Address& address, bool v5, unsigned spread = 0);
  Client(Client&& other) noexcept;
  Client& operator=(Client&&) = delete;
  ~Client();

  int fd() const { return fd_; }
  bool v5() const { return v5_; }
  std::string& out() { return out_; }  // append packets here, then flush

  void handshake(std::string_view client_id, bool keep_session = false);
  void subscribe(const std::vector<Filter>& filters);  // dies when one is refused
  void disconnect();

  // Sends what the socket takes; false while something is left.
  bool flush();

  // Calls on_frame for every packet that has arrived. False when the peer has closed.
  template <typename OnFrame>
  bool receive(OnFrame on_frame) {
    for (;;) {
      const Chunk chunk = read_chunk();
      std::string_view in = chunk.bytes;
      for (Frame frame; take_frame(in, frame);) on_frame(frame);
      tail_.assign(in);
      if (chunk.closed) return false;
      if (chunk.last) return true;
    }
  }

 private:
  struct Chunk {
    std::string_view bytes;  // in a buffer that all clients of the thread share
    bool last = false;       // the socket is empty
    bool closed = false;
  };
  Chunk read_chunk();
  void await(PacketType type, std::string& body);

  int fd_;
  bool v5_;
  std::string out_;
  std::size_t sent_ = 0;  // of out_
  std::string tail_;
};

}  // namespace mqz::bench
