// A client session with the server's side in the test's hands.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "lib/backend/mqtt/session.h"
#include "lib/mqtt/encode.h"

namespace mqz::backend::testing {

using mqtt::PacketType;
using mqtt::Qos;
using mqtt::Reason;
using mqtt::Version;

struct Recorder : PubSubEvents {
  std::vector<std::string> log{};
  int accept_at_most = 1'000'000;

  void on_connected(const Connected& c) override {
    log.push_back(std::string(c.first ? "up first" : "up again") +
                  (c.session_present ? " kept" : ""));
  }
  bool on_message(const mqtt::Publish& m) override {
    if (accept_at_most-- <= 0) return false;
    log.push_back("message " + std::string(m.topic) + "=" + std::string(as_text(m.payload)));
    return true;
  }
  void on_published(const Published& p) override {
    log.push_back("published " + std::to_string(p.number) + " " +
                  std::to_string(static_cast<int>(p.reason)) + std::string(p.topic));
  }
  void on_subscribed(std::uint16_t, Bytes reasons) override {
    log.push_back("subscribed " + std::to_string(reasons.size()));
  }
  void on_unsubscribed(std::uint16_t, Bytes) override { log.push_back("unsubscribed"); }
  void on_waiting(const Error&, Millis) override {}
  void on_ended(const Error*) override {}
};

inline MonoTime at_s(int seconds) { return MonoTime(std::chrono::seconds(seconds)); }

// A session with the server's side in the test's hands.
struct World {
  Recorder events{};
  MqttSession session;
  Version version;

  explicit World(ConnectOptions options = {}) : session(options, events), version(options.version) {
    session.open("here:1883", at_s(0));
  }

  // What the client put into its outbox: "CONNECT", "PUBLISH q1 m1 dup topic=payload", …
  std::vector<std::string> sent() {
    std::vector<std::string> words;
    Bytes rest = session.outbox().pending();
    while (!rest.empty()) {
      const auto next = mqtt::next_frame(rest);
      REQUIRE(next.status == mqtt::FrameStatus::complete);
      words.push_back(describe(next.frame));
      rest = rest.subspan(next.frame.bytes);
    }
    session.outbox().consume(session.outbox().size());
    return words;
  }

  std::string describe(const mqtt::Frame& frame) const {
    std::string text(packet_name(frame.type));
    if (frame.type == PacketType::connect) {
      const auto connect = decode_connect(frame);
      REQUIRE(connect);
      return text + " " + std::to_string(static_cast<int>(connect->version)) +
             (connect->clean_start ? " clean" : "") + " '" + std::string(connect->client_id) + "'";
    }
    if (frame.type == PacketType::publish) {
      const auto p = decode_publish(frame, version);
      REQUIRE(p);
      return text + " q" + std::to_string(static_cast<int>(p->qos)) + " m" +
             std::to_string(p->packet_id) + (p->dup ? " dup " : " ") + std::string(p->topic) + "=" +
             std::string(as_text(p->payload));
    }
    if (frame.type >= PacketType::puback && frame.type <= PacketType::pubcomp) {
      return text + " m" + std::to_string(decode_ack(frame, version)->packet_id);
    }
    return text;
  }

  template <typename Packet>
  void answer(const Packet& packet) {
    std::string bytes;
    mqtt::append(bytes, packet, version);
    receive(as_bytes(bytes));
  }
  void receive(Bytes bytes) { CHECK(session.receive(bytes, at_s(1)) == bytes.size()); }
  void connack(bool present = false, mqtt::PropertyView properties = {}) {
    answer(mqtt::Connack{present, Reason::success, properties});
  }
  void ack(PacketType type, std::uint16_t id, Reason reason = Reason::success) {
    answer(mqtt::Ack{type, id, reason, {}});
  }
  Result<std::uint64_t> publish(std::string_view payload, Qos qos) {
    mqtt::Publish message;
    message.topic = "t";
    message.qos = qos;
    message.payload = as_bytes(payload);
    return session.publish(message);
  }
  void reconnect(bool present) {
    session.close(MqttSession::ClosedBy::peer);
    session.open("here:1883", at_s(2));
    sent();
    connack(present);
  }
};

using Words = std::vector<std::string>;

// Of a session that outlives its connections.
inline ConnectOptions lasting() {
  ConnectOptions options;
  options.client_id = "me";
  options.properties.number(mqtt::PropertyId::session_expiry_interval, 60);
  return options;
}

}  // namespace mqz::backend::testing
