// A connection that lives on its user's poller: it finds the server, keeps a protocol's session
// going over reconnections, and says goodbye properly.
//
// Servers are tried in their order. What fails before the first connection ends the client, if
// every server failed; later, a lost connection is tried again with back-off (`reconnect`).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/backend/backoff.h"
#include "lib/backend/connector.h"
#include "lib/backend/pubsub.h"
#include "lib/backend/server.h"
#include "lib/backend/transport.h"
#include "lib/backend/wire_session.h"
#include "lib/os/poll_target.h"

namespace mqz::backend {

struct ClientOptions {
  std::vector<Server> servers{};
  Millis connect_timeout{10'000};  // for each server, until its session is up
  bool reconnect = true;
  Millis delay_first{500};
  Millis delay_max{30'000};
  std::vector<os::Address> from{};  // local addresses, at most one per family; none: any
  MakeTransport make_transport = make_plain_transport;
};

class Client : public PubSub, private os::PollTarget {
 public:
  Client(os::Poller& poller, ClientOptions options, std::unique_ptr<WireSession> session,
         PubSubEvents& events);
  ~Client() override;

  void start(MonoTime now) override;
  std::optional<MonoTime> deadline() const override;
  void tick(MonoTime now) override;
  void flush(MonoTime now) override;

  bool has_room() const override { return session_->has_room(); }
  Result<std::uint64_t> publish(const mqtt::Publish& message) override {
    return session_->publish(message);
  }
  Result<std::uint16_t> subscribe(Bytes entries, mqtt::PropertyView properties) override {
    return session_->subscribe(entries, properties);
  }
  Result<std::uint16_t> unsubscribe(Bytes filters, mqtt::PropertyView properties) override {
    return session_->unsubscribe(filters, properties);
  }
  void pause(bool paused) override;
  void finish(mqtt::Reason reason, mqtt::PropertyView properties, MonoTime now,
              Millis patience) override;
  std::size_t unacknowledged() const override { return session_->unacknowledged(); }
  std::uint64_t uncertain() const override { return uncertain_; }

 private:
  enum class Phase : std::uint8_t {
    idle,
    connecting,  // the connector is at work
    shaking,     // the transport's own handshake
    open,        // MQTT: from CONNECT on
    saying_bye,  // DISCONNECT and what stood before it is being written
    closing,     // all is written; the server's close is awaited
    waiting,     // for the next attempt
    ended,
  };

  void on_poll(const os::PollEvent& event, MonoTime now) override;
  void begin_round(MonoTime now);
  void connect_to_next(MonoTime now);
  void take_socket(os::Fd fd, MonoTime now);
  void shake_hands(MonoTime now);
  void read(MonoTime now);
  void take_input(std::size_t bytes, MonoTime now);
  void write(MonoTime now);
  void peer_closed(int error, MonoTime now);
  void settle_ending(MonoTime now);
  void time_out(MonoTime now);
  void attempt_failed(Error error, bool may_retry, MonoTime now);
  void lost(const Error& error, bool may_retry, MonoTime now);
  void wait_and_retry(const Error& error, MonoTime now);
  void drop_connection();
  void end(const Error* why);
  void update_interest();
  std::string where() const { return options_.servers[server_].text(); }

  os::Poller& poller_;
  ClientOptions options_;
  PubSubEvents& events_;
  std::unique_ptr<WireSession> session_;
  Backoff backoff_;
  Phase phase_ = Phase::idle;
  std::size_t server_ = 0;             // of options_.servers: in use or being tried
  std::vector<Error> round_errors_{};  // of the servers tried since begin_round
  std::unique_ptr<Connector> connector_{};
  std::unique_ptr<Transport> transport_{};
  os::Interest interest_ = os::Interest::none;
  bool paused_ = false;
  bool write_blocked_ = false;
  bool shake_wants_write_ = false;
  std::vector<std::byte> input_{};
  std::size_t input_used_ = 0;
  std::optional<MonoTime> phase_deadline_{};
  MonoTime connected_at_{};
  Millis close_patience_{};
  std::uint64_t uncertain_ = 0;
};

}  // namespace mqz::backend
