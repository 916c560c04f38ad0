// The floor a broker is measured against: one thread that reads, finds the receivers by the exact
// topic, and sends. No rule of the protocol is kept: identifiers are counted up, acknowledgements
// answered, nothing is repeated, nothing survives, and all clients speak the same version.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/bench/host.h"
#include "tests/bench/relay/commit_log.h"
#include "tests/bench/wire.h"

namespace mqz::bench {

// Done to every `every`-th message, so that a test sees the generator find it.
enum class Fault : unsigned char { none, drop, duplicate, swap };

struct RelayOptions {
  Address address;
  Fault fault = Fault::none;
  std::uint64_t every = 0;
  std::string log_path{};  // acknowledge QoS 1 and 2 once the message is in this file, synced
};

class Relay {
 public:
  explicit Relay(const RelayOptions& options);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  [[noreturn]] void run();

 private:
  struct Connection;
  struct Receiver {
    Connection* connection;
    unsigned qos;
  };
  using Receivers = std::vector<Receiver>;  // of one topic; never moved, never erased

  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };

  // Adjacent QoS 0 packets of one topic travel in one piece.
  struct Run {
    const Receivers* receivers = nullptr;
    std::string_view bytes;
  };

  // An acknowledgement that waits for the log; no connection: that one has gone.
  struct Owed {
    Connection* connection;
    PacketType type;
    std::uint16_t id;
  };

  void watch(int fd, void* source);
  void accept_all();
  void receive(Connection& from);
  void on_frame(Connection& from, const Frame& frame);
  void on_subscribe(Connection& from, const Frame& frame);
  void on_publish(Connection& from, const Frame& frame);
  void acknowledge(Connection& from, const Frame& frame, const Publish& publish);
  void release_committed();
  bool inject_fault(const Receivers& receivers, const Frame& frame, const Publish& publish,
                    bool v5);
  void forward(const Receivers& receivers, const Frame& frame, const Publish& publish);
  void send_run();
  const Receivers& find_receivers(Connection& from, std::string_view topic);
  std::string& output_of(Connection& connection);
  void flush(Connection& connection);
  void flush_touched();
  void close_connection(Connection& connection);

  RelayOptions options_;
  int listener_;
  int epoll_;
  std::vector<char> buffer_;
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
  std::unordered_map<std::string, Receivers, TextHash, std::equal_to<>> topics_;
  std::vector<Connection*> touched_;  // with something to send at the end of the turn
  Run run_;
  std::unique_ptr<CommitLog> log_;
  std::deque<Owed> owed_;       // in the order of the log
  std::uint64_t released_ = 0;  // of them so far
  std::uint64_t published_ = 0;
  std::string held_;  // the message that fault `swap` lets another overtake
  const Receivers* held_for_ = nullptr;
};

}  // namespace mqz::bench
