// MQTT over WebSocket, through Paho's asynchronous client: the other implementation of PubSub
// beside Client. Paho has threads; what they say is taken on the user's loop (PahoMailbox).
//
// Before Paho is asked to connect, the address is tried on the loop, so that names are resolved
// beside it and errors say what every other connection's errors say.
//
// Delivery. Messages of QoS 1 and 2 are kept here until they are acknowledged. When a connection is
// lost, they are published anew on the next one (a QoS 2 message may then arrive twice, never not
// at all); in a session that outlives its connections Paho goes on where it was.
//
// What differs from Client, because Paho does it: received messages are acknowledged when they
// arrive, not after on_message; a success never says "no matching subscribers"; saying goodbye
// costs a tenth of a second. A QoS 2 message is refused in a session that another process began:
// its packet identifiers may be in use there, and Paho cannot know.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lib/backend/backoff.h"
#include "lib/backend/connector.h"
#include "lib/backend/mqtt/client.h"
#include "lib/backend/mqtt/paho_link.h"
#include "lib/backend/mqtt/server_limits.h"

namespace mqz::backend {

struct PahoClientOptions : MqttClientOptions {
  std::string path{};  // of the URL, with its first slash
};

class PahoClient final : public PubSub, private os::PollTarget {
 public:
  static Result<std::unique_ptr<PahoClient>> open(os::Poller& poller, PahoClientOptions options,
                                                  PubSubEvents& events);
  PahoClient(os::Poller& poller, PahoClientOptions options, os::Wakeup wakeup,
             PubSubEvents& events);
  ~PahoClient() override;

  void start(MonoTime now) override;
  std::optional<MonoTime> deadline() const override;
  void tick(MonoTime now) override;
  void flush(MonoTime now) override;

  bool has_room() const override;
  Result<std::uint64_t> publish(const mqtt::Publish& message) override;
  Result<std::uint16_t> subscribe(Bytes entries, mqtt::PropertyView properties) override;
  Result<std::uint16_t> unsubscribe(Bytes filters, mqtt::PropertyView properties) override;
  void pause(bool paused) override { paused_ = paused; }
  void finish(mqtt::Reason reason, mqtt::PropertyView properties, MonoTime now,
              Millis patience) override;
  std::size_t unacknowledged() const override { return kept_.size(); }
  std::uint64_t uncertain() const override { return uncertain_; }

 private:
  enum class Phase : std::uint8_t {
    idle,
    probing,     // the connector is at work
    connecting,  // Paho is
    open,
    saying_bye,  // what Paho was given last is being sent
    closing,     // DISCONNECT is
    waiting,     // for the next attempt
    ended,
  };
  struct Kept {
    mqtt::Qos qos{};
    bool retain = false;
    std::string topic{};
    std::string payload{};
    mqtt::PropertyWriter properties{};
    std::size_t bytes() const { return topic.size() + payload.size(); }
  };

  void on_poll(const os::PollEvent& event, MonoTime now) override;
  void begin_round(MonoTime now);
  void connect_to_next(MonoTime now);
  void take_probe(MonoTime now);
  void open_link(MonoTime now);
  void take_answers(MonoTime now);
  void take(const PahoEvent& event, MonoTime now);
  void deliver();
  void accept(const PahoEvent& event, MonoTime now);
  void connect_failed(const PahoEvent& event, MonoTime now);
  void refused(mqtt::Reason reason, MonoTime now);
  bool try_older_version();
  void connection_ended(MonoTime now);
  void time_out(MonoTime now);
  void attempt_failed(Error error, bool may_retry, MonoTime now);
  void lost(const Error& error, bool may_retry, MonoTime now);
  void wait_and_retry(const Error& error, MonoTime now);
  void drop_link();
  void end(const Error* why);
  void go_on_ending(MonoTime now);

  Result<void> give(std::uint64_t number, const mqtt::Publish& message);
  void send_again();
  void complete(const PahoEvent& event);
  void take_back(std::uint64_t number);
  void forget(std::uint64_t number);
  void forget_at_most_once();
  void trace(bool sent, std::string_view text);
  bool session_lasts() const;
  std::string where() const { return options_.servers[server_].text(); }

  os::Poller& poller_;
  PahoClientOptions options_;
  PubSubEvents& events_;
  PahoMailbox mailbox_;
  std::unique_ptr<PahoLink> link_{};
  std::uint32_t last_link_ = 0;
  std::size_t link_server_ = 0;  // of options_.servers: whose link it is
  Backoff backoff_;
  Phase phase_ = Phase::idle;
  std::size_t server_ = 0;
  std::vector<Error> round_errors_{};
  std::unique_ptr<Connector> connector_{};
  std::optional<MonoTime> phase_deadline_{};
  MonoTime connected_at_{};
  bool was_connected_ = false;
  bool may_fall_back_;
  bool clean_start_sent_ = false;
  bool session_is_foreign_ = false;  // begun by another process
  bool link_was_connected_ = false;
  bool paused_ = false;
  bool deaf_ = false;
  std::optional<PahoEvent> dismissal_{};

  ServerLimits limits_{};
  std::uint64_t last_number_ = 0;
  std::uint16_t last_request_ = 0;
  std::map<std::uint64_t, Kept> kept_{};  // QoS 1 and 2, by number
  std::size_t kept_bytes_ = 0;
  std::set<std::uint64_t> to_send_again_{};                   // of kept_: not with Paho
  std::map<std::uint64_t, std::size_t> open_at_most_once_{};  // QoS 0 in Paho's hands: their bytes
  std::size_t open_bytes_ = 0;
  std::uint64_t sent_at_most_once_ = 0;  // on this connection
  std::uint64_t uncertain_ = 0;

  mqtt::Reason goodbye_{};
  mqtt::PropertyWriter goodbye_properties_{};
  Millis close_patience_{};
};

}  // namespace mqz::backend
