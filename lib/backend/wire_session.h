// A protocol's side of a client: a state machine over any number of connections, fed with bytes and
// time. Client joins it with sockets. It sees no socket and no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lib/backend/outbox.h"
#include "lib/backend/pubsub.h"

namespace mqz::backend {

// Why the transport is to be closed, as far as the session knows.
struct Ending {
  enum class Kind : std::uint8_t {
    finished,       // the goodbye is in the outbox; close when it is written
    again_at_once,  // connect again: something else will be said
    refused,        // the server does not want this client
    dismissed,      // the server ended a session that was going on
    broken,         // a rule was broken or the server is silent
  };
  Kind kind{};
  mqtt::Reason reason{};
  std::string text{};      // the server's words, or ours
  bool may_retry = false;  // the same attempt may succeed later
  bool has_number = true;  // the reason is to be shown; else the text says it all
};

class WireSession {
 public:
  WireSession() = default;
  WireSession(const WireSession&) = delete;
  WireSession& operator=(const WireSession&) = delete;
  virtual ~WireSession() = default;

  // The transport is open: the greeting is put into the outbox. `where` is passed on in Connected.
  virtual void open(std::string_view where, MonoTime now) = 0;
  // Takes what is whole off the front of `input`; returns the bytes used. Stops once ending() is
  // set.
  virtual std::size_t receive(Bytes input, MonoTime now) = 0;
  // How much of the unused input must be there to go on; 0 while that is unknown.
  virtual std::size_t bytes_wanted() const { return 0; }
  // The transport took bytes from the outbox (which the caller consumes itself).
  virtual void written(MonoTime now) = 0;
  // The transport is gone. Closed by the peer before the greeting was answered, ending() may want
  // another attempt at once.
  enum class ClosedBy : std::uint8_t { us, peer };
  virtual void close(ClosedBy whom) = 0;
  // `reading`: does the transport read? Else an answer to a ping cannot be seen and is not missed.
  virtual void tick(MonoTime now, bool reading = true) = 0;
  virtual std::optional<MonoTime> deadline() const = 0;

  virtual bool is_connected() const = 0;
  virtual bool was_connected() const = 0;  // ever

  // As in PubSub.
  virtual bool has_room() const = 0;
  virtual Result<std::uint64_t> publish(const mqtt::Publish& message) = 0;
  virtual Result<std::uint16_t> subscribe(Bytes entries, mqtt::PropertyView properties) = 0;
  virtual Result<std::uint16_t> unsubscribe(Bytes filters, mqtt::PropertyView properties) = 0;
  virtual std::size_t unacknowledged() const = 0;
  virtual void disconnect(mqtt::Reason reason, mqtt::PropertyView properties) = 0;

  // Messages put into the outbox of the current connection that nobody will acknowledge.
  virtual std::uint64_t sent_at_most_once() const { return 0; }
  virtual void forget_sent_at_most_once() {}

  Outbox& outbox() { return outbox_; }
  const std::optional<Ending>& ending() const { return ending_; }

 protected:
  Outbox outbox_{};
  std::optional<Ending> ending_{};
};

}  // namespace mqz::backend
