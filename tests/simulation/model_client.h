// An MQTT client as the specification wants it, small and pure: bytes in, bytes out, and a history
// of what it saw. It complains where the broker breaks a rule that one client can see.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/mqtt/decode.h"
#include "tests/simulation/history.h"

namespace mqz::simulation {

struct ClientForm {
  std::string id{};
  std::size_t number = 0;
  mqtt::Version version = mqtt::Version::v5;
  bool is_durable = false;
  std::uint32_t expiry_s = 0;  // version 5, durable
  std::uint16_t receive_max = 65'535;
  std::uint16_t keep_alive_s = 0;
  std::uint16_t alias_max = 0;
};

class ModelClient {
 public:
  ModelClient(ClientForm form, History& history) : form_(std::move(form)), history_(history) {}

  const ClientForm& form() const { return form_; }
  enum class Phase : std::uint8_t { offline, connecting, open, leaving };
  Phase phase() const { return phase_; }
  bool is_open() const { return phase_ == Phase::open; }

  // Inputs. A connection that was lost or left is ended by `disconnected`.
  void connect(bool wants_clean);
  void receive(std::string_view bytes, MonoTime now);
  void disconnected();

  // Requests, while it is open.
  bool may_publish(mqtt::Qos qos) const;
  void publish(const std::string& topic, mqtt::Qos qos, bool retain, bool is_removal);
  void subscribe(const std::string& filter, mqtt::Qos qos, std::uint8_t retain_handling);
  void unsubscribe(std::string filter);
  void ping();
  void leave();  // DISCONNECT

  // A slow application: acknowledgements are kept back until it is no longer slow.
  void set_slow(bool is_slow);
  // Before the next `connect`: does its session outlive the connection?
  void set_durable(bool is_durable) { form_.is_durable = is_durable; }

  std::string take_output();
  bool owes_nothing() const;  // nothing of its own waits for the broker
  const std::vector<std::string>& filters() const { return filters_; }

 private:
  struct Pending {
    std::uint16_t packet_id = 0;
    std::size_t message = 0;
    bool is_released = false;
  };
  struct PendingSubscribe {
    std::uint16_t packet_id = 0;
    bool is_unsubscribe = false;
    std::string filter{};
    mqtt::Qos qos{};
  };

  SessionHistory& session() { return history_.sessions[session_]; }
  void forget_session();
  bool may_expire() const;
  bool may_have_expired() const;
  void complain(std::string_view what) { history_.complain(form_.id, what); }
  void handle(const mqtt::Frame& frame);
  void on_connack(const mqtt::Frame& frame);
  void on_publish(const mqtt::Frame& frame);
  void record(const mqtt::Publish& packet);
  void on_ack(const mqtt::Frame& frame);
  void on_puback(const mqtt::Ack& ack);
  void on_pubrec(const mqtt::Ack& ack);
  void on_subscribe_ack(const mqtt::Frame& frame);
  void on_pingresp();
  void on_disconnect(const mqtt::Frame& frame);
  void end_span(const std::string& filter);
  void send_publish(const Pending& pending, bool dup);
  void send_ack(mqtt::PacketType type, std::uint16_t packet_id);
  void write_ack(const mqtt::Ack& ack);
  std::uint16_t fresh_packet_id();
  Pending* find(std::uint16_t packet_id);

  ClientForm form_;
  History& history_;
  Phase phase_ = Phase::offline;
  std::string input_{};
  std::string output_{};
  bool is_slow_ = false;
  std::vector<mqtt::Ack> held_acks_{};

  // The session's.
  bool has_session_ = false;  // the broker has said so
  bool may_have_session_ = false;
  bool must_be_clean_ = false;  // nobody knows what the broker has
  bool asked_clean_ = false;
  bool is_lasting_ = false;       // the session outlives this connection
  MonoTime last_seen_{};          // bytes came
  MonoTime left_at_{};            // when the broker surely knew that it was there, at the latest
  std::size_t session_ = nobody;  // in the history
  std::uint16_t last_packet_id_ = 0;
  std::vector<Pending> pending_{};
  std::set<std::uint16_t> received_{};  // QoS 2
  std::vector<std::string> filters_{};
  std::uint32_t last_identifier_ = 0;

  // The connection's.
  bool was_sent_away_ = false;
  std::uint16_t broker_receive_max_ = 65'535;
  std::set<std::uint16_t> in_flight_{};  // of the broker, not finished by us
  std::map<std::uint16_t, std::string> aliases_{};
  std::deque<PendingSubscribe> subscribing_{};
  std::vector<std::size_t> unconfirmed_{};         // QoS 0 on this connection
  std::deque<std::vector<std::size_t>> pinged_{};  // confirmed by the PINGRESPs to come
};

}  // namespace mqz::simulation
