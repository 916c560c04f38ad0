// What Paho's threads say to the thread that uses it: put into a guarded queue, announced on a
// descriptor, taken by the user's loop in its own time.
//
// Bounds. Everything but received messages answers something that the user asked for. Of received
// messages `messages_max` or `bytes_max` wait here; then Paho's receiving thread waits, so that the
// server stops sending. It waits no longer than `patience` each time, because it also sends the
// pings: while its user is away, one message per `patience` comes in, up to twice the bound.
//
// Paho calls back under its own lock. A user who is about to call Paho must not find that thread
// waiting here: it declares a Visit first, and whoever waits lets its message in.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/time.h"
#include "lib/mqtt/property.h"
#include "lib/mqtt/types.h"
#include "lib/os/poller.h"

namespace mqz::backend {

struct PahoEvent {
  enum class Kind : std::uint8_t {
    connected,     // session_present, properties
    failed,        // to connect: code and text are Paho's
    lost,          // the connection
    dismissed,     // the server said DISCONNECT: code, properties
    closed,        // as asked
    published,     // number; code is the server's reason, properties
    unsent,        // number: Paho gave it up together with its connection
    subscribed,    // number; payload has a reason for each filter
    unsubscribed,  // the same
    message,       // text is the topic
  };
  Kind kind{};
  std::uint32_t link{};    // whose
  std::uint64_t number{};  // of the user's message or request
  int code{};
  bool session_present{};
  mqtt::Qos qos{};
  bool retain{};
  bool dup{};
  std::uint16_t packet_id{};
  std::string text{};
  std::string payload{};
  mqtt::PropertyWriter properties{};
};

class PahoMailbox {
 public:
  struct Bounds {
    std::size_t messages_max = 1000;
    std::size_t bytes_max = 4U << 20U;
    Millis patience{20'000};
  };
  PahoMailbox(os::Wakeup wakeup, Bounds bounds) : wakeup_(std::move(wakeup)), bounds_(bounds) {}

  // By Paho's threads.
  void post(PahoEvent event);
  void post_message(PahoEvent event);

  // By the owner. What is taken stays valid until it is dropped.
  int fd() const { return wakeup_.fd(); }
  void drain() const { wakeup_.drain(); }
  std::vector<PahoEvent> take_answers();
  std::vector<PahoEvent> take_messages();
  bool has_messages();

  class Visit {
   public:
    explicit Visit(PahoMailbox& mailbox) : mailbox_(mailbox) { mailbox_.count_visitor(1); }
    ~Visit() { mailbox_.count_visitor(-1); }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    PahoMailbox& mailbox_;
  };

 private:
  void count_visitor(int change);
  bool is_full(std::size_t times) const;

  os::Wakeup wakeup_;
  Bounds bounds_;
  std::mutex lock_{};  // guards all that follows
  std::condition_variable room_{};
  std::vector<PahoEvent> answers_{};
  std::vector<PahoEvent> messages_{};
  std::size_t message_bytes_ = 0;
  int visitors_ = 0;
};

}  // namespace mqz::backend
