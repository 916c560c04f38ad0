// Publish and subscribe, whatever carries it. A connection lives on its user's poller and calls
// back from inside the user's calls only: no thread, no callback between turns.
//
// One turn of the user's loop:
//   wait on the poller until deadline() -> give every event to its PollTarget -> tick(now) ->
//   flush(now).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/error.h"
#include "lib/base/time.h"
#include "lib/mqtt/packets.h"

namespace mqz::backend {

struct Connected {
  bool first{};              // of this object; else a reconnection
  bool session_present{};    // the server kept subscriptions and messages
  std::string_view where{};  // "localhost:1883"
  std::string_view client_id{};
  mqtt::Version version{};
  mqtt::PropertyView properties{};
};

struct Published {
  std::uint64_t number{};
  mqtt::Reason reason{};
  std::string_view topic{};  // only of a failure
  std::string_view why{};    // the server's reason string; often empty
};

// What a connection tells its user. Views live as long as the call.
class PubSubEvents {
 public:
  virtual ~PubSubEvents() = default;
  virtual void on_connected(const Connected& connected) = 0;
  // False: the message is left unacknowledged and nothing more is delivered.
  virtual bool on_message(const mqtt::Publish& message) = 0;
  // A publish of QoS 1 or 2 came to its end.
  virtual void on_published(const Published& published) = 0;
  // One reason per filter, in their order; empty for an unsubscribe before MQTT 5.
  virtual void on_subscribed(std::uint16_t request, Bytes reasons) = 0;
  virtual void on_unsubscribed(std::uint16_t request, Bytes reasons) = 0;
  // The connection was lost; a new attempt begins after `delay`.
  virtual void on_waiting(const Error& why, Millis delay) = 0;
  // The last call. nullptr: ended as asked by finish.
  virtual void on_ended(const Error* why) = 0;
  // A packet, for --debug; called only when tracing was asked for.
  virtual void on_packet(bool /*sent*/, std::string_view /*text*/) {}
};

class PubSub {
 public:
  PubSub() = default;
  PubSub(const PubSub&) = delete;
  PubSub& operator=(const PubSub&) = delete;
  virtual ~PubSub() = default;

  virtual void start(MonoTime now) = 0;
  virtual std::optional<MonoTime> deadline() const = 0;
  virtual void tick(MonoTime now) = 0;
  // Gives the system what is to be sent: one call per turn, so that a turn's packets share a write.
  virtual void flush(MonoTime now) = 0;

  // May one more message be published now? False while disconnected, while the window of
  // unacknowledged messages is full, and while too much waits to be sent.
  virtual bool has_room() const = 0;
  // The message's number, counted from 1 over all QoS. The views are not needed after the call.
  // ErrorCode::refused with what the server does not allow (QoS, retain, size).
  virtual Result<std::uint64_t> publish(const mqtt::Publish& message) = 0;
  // The payloads are those of the packets (append_entry). The request's number comes back.
  virtual Result<std::uint16_t> subscribe(Bytes entries, mqtt::PropertyView properties) = 0;
  virtual Result<std::uint16_t> unsubscribe(Bytes filters, mqtt::PropertyView properties) = 0;

  // Stops reading, so that the peer stops sending; keep-alive goes on.
  virtual void pause(bool paused) = 0;

  // Sends what waits, says goodbye and ends: on_ended follows, at the latest `patience` after the
  // system took the last byte. Not from inside a callback: the acknowledgement of the message
  // at hand would come too late.
  virtual void finish(mqtt::Reason reason, mqtt::PropertyView properties, MonoTime now,
                      Millis patience) = 0;

  virtual std::size_t unacknowledged() const = 0;  // published, not yet acknowledged, QoS 1 and 2
  // QoS 0 messages given to connections that were lost afterwards: some may not have arrived.
  virtual std::uint64_t uncertain() const = 0;
};

}  // namespace mqz::backend
