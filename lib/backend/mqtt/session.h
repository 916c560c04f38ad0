// The client side of one MQTT session over any number of connections, as a state machine: bytes,
// ticks and requests go in; bytes (outbox), events and the wish to close (ending) come out. It sees
// no socket and no clock.
//
// Delivery. What was published with QoS 1 or 2 and is not acknowledged when a connection ends is
// sent again on the next one: with DUP and the same identifier when the server kept the session,
// as a new message when it did not (a QoS 2 message may then arrive twice, never not at all).
// Incoming messages are acknowledged after on_message returned; QoS 2 identifiers are remembered
// until PUBREL, or until a connection without the session.
//
// Versions. Unless pinned, a server that refuses 5, or closes before any CONNACK, is tried with
// 3.1.1 (Ending::again_at_once).
#pragma once

#include <bitset>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/backend/mqtt/connect_options.h"
#include "lib/backend/mqtt/inflight.h"
#include "lib/backend/mqtt/server_limits.h"
#include "lib/backend/wire_session.h"
#include "lib/mqtt/decode.h"
#include "lib/mqtt/encode.h"

namespace mqz::backend {

class MqttSession final : public WireSession {
 public:
  MqttSession(ConnectOptions options, PubSubEvents& events);

  void open(std::string_view where, MonoTime now) override;
  std::size_t receive(Bytes input, MonoTime now) override;
  std::size_t bytes_wanted() const override { return bytes_wanted_; }
  void written(MonoTime now) override { sent_at_ = now; }
  void close(ClosedBy whom) override;
  void tick(MonoTime now, bool reading = true) override;
  std::optional<MonoTime> deadline() const override;

  bool is_connected() const override { return state_ == State::connected; }
  bool was_connected() const override { return was_connected_; }

  bool has_room() const override;
  Result<std::uint64_t> publish(const mqtt::Publish& message) override;
  Result<std::uint16_t> subscribe(Bytes entries, mqtt::PropertyView properties) override;
  Result<std::uint16_t> unsubscribe(Bytes filters, mqtt::PropertyView properties) override;
  void disconnect(mqtt::Reason reason, mqtt::PropertyView properties) override;
  std::size_t unacknowledged() const override { return inflight_.size(); }
  std::uint64_t sent_at_most_once() const override { return sent_at_most_once_; }
  void forget_sent_at_most_once() override { sent_at_most_once_ = 0; }

  // Has on_message refused a message? Then nothing more is delivered or acknowledged.
  bool is_deaf() const { return deaf_; }

 private:
  enum class State : std::uint8_t { closed, connecting, connected };
  enum class Request : std::uint8_t { none, subscribe, unsubscribe };

  void receive_frame(const mqtt::Frame& frame);
  void receive_connack(const mqtt::Frame& frame);
  void accept(const mqtt::Connack& connack);
  void refuse(mqtt::Reason reason);
  bool try_older_version();
  void receive_publish(const mqtt::Frame& frame);
  bool resolve_alias(mqtt::Publish& message);
  void deliver(const mqtt::Publish& message);
  void receive_ack(const mqtt::Frame& frame);
  void receive_pubrec(const mqtt::Ack& ack, Inflight::Message& message);
  void receive_pubrel(const mqtt::Ack& ack);
  void complete(const mqtt::Ack& ack, const Inflight::Message& message);
  void receive_request_ack(const mqtt::Frame& frame);
  void receive_disconnect(const mqtt::Frame& frame);
  void break_off(mqtt::Reason reason, std::string text);

  Result<std::uint64_t> publish_at_most_once(const mqtt::Publish& message);
  Result<std::uint64_t> publish_kept(mqtt::Publish message);
  void send_message(std::uint16_t packet_id, bool again);
  void free_stale_id(std::uint16_t packet_id, Inflight::Message& message);
  void begin_resending(bool session_present);
  void resend();
  void send_ack(mqtt::PacketType type, std::uint16_t packet_id,
                mqtt::Reason reason = mqtt::Reason::success);
  std::uint16_t take_request_id(Request kind);
  template <typename Packet>
  void send(const Packet& packet);
  void trace(bool sent, mqtt::PacketType type, std::string_view detail = {});

  ConnectOptions options_;
  PubSubEvents& events_;
  State state_ = State::closed;
  bool was_connected_ = false;
  bool deaf_ = false;
  bool may_fall_back_;
  bool clean_start_sent_ = false;
  std::string where_{};
  std::size_t bytes_wanted_ = 0;
  ServerLimits limits_{};

  MonoTime now_{};
  MonoTime sent_at_{};
  MonoTime received_at_{};
  std::optional<MonoTime> pinged_at_{};

  std::uint64_t last_number_ = 0;
  std::uint64_t sent_at_most_once_ = 0;
  Inflight inflight_{};
  bool window_full_ = false;
  std::size_t on_the_wire_ = 0;          // of inflight_: sent on this connection
  std::vector<std::uint16_t> resend_{};  // newest first; the back is next
  bool stale_ids_ = false;
  bool resend_is_dup_ = false;

  std::unique_ptr<std::bitset<65'536>> received_ids_{};  // QoS 2, awaiting PUBREL
  std::vector<std::string> aliases_{};
  std::vector<Request> requests_{};  // by identifier, from request_id_base
};

template <typename Packet>
void MqttSession::send(const Packet& packet) {
  encode(packet, options_.version, outbox_.grow(encoded_size(packet, options_.version)));
}

}  // namespace mqz::backend
