// Passes everything to a broker, and when it is restarted behind everybody's back, does what
// clients do that resume their sessions: connects again, sends again what was not acknowledged, and
// takes what comes again for what it is. A transcript must not see the difference.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/mqtt/decode.h"
#include "tests/scenario/shards_under_test.h"

namespace mqz::scenario {

class Reconnecting final : public BrokerUnderTest {
 public:
  explicit Reconnecting(ShardsUnderTest& broker) : broker_(broker) {}

  bool configure(const std::string& word, const std::string& value) override {
    return broker_.configure(word, value);
  }
  void connect(const std::string& name) override;
  void send(const std::string& name, Bytes bytes) override;
  std::string take_output(const std::string& name) override;
  bool is_closed(const std::string& name) override { return broker_.is_closed(name); }
  void drop(const std::string& name) override;
  void advance(Millis time) override { broker_.advance(time); }
  void step_clock(Millis by) override { broker_.step_clock(by); }
  void hold_publishers(bool hold) override;
  void fill_disk(bool full) override;
  void restart() override;
  void stop() override { broker_.stop(); }

  enum class Ending : unsigned char { killed, stopped };
  // Is somebody connected, and can all who are resume their sessions?
  bool can_restart();
  // What a client misses or gets too much, if anything.
  std::optional<std::string> restart_unseen(Ending ending);

 private:
  // What a client was sent at QoS 1 and 2 and is not over.
  struct Received {
    std::uint16_t id = 0;
    std::string what{};  // topic and payload
    enum class State : unsigned char { sent, acknowledged, released } state = State::sent;
    bool is_here = true;  // since the transcript's last CONNECT
  };
  struct Sent {
    std::uint16_t id = 0;
    std::string packet{};  // to be sent again; empty: the client has its PUBREC, and goes on itself
  };
  // What outlives its connections.
  struct Client {
    std::vector<Received> received{};
    std::vector<Sent> sent{};
  };
  struct Link {
    std::string client_id{};
    mqtt::Version version = mqtt::Version::v5;
    std::string connect{};  // the packet; empty: it has not come
    bool is_clean = false;
    bool is_durable = false;
    bool is_open = false;           // its CONNACK said so
    bool resumes = false;           // this CONNECT is not the transcript's
    std::vector<Received> again{};  // comes once more, in this order
    std::string to_broker{};        // of a packet that is not whole
    std::string from_broker{};
    std::string output{};
  };

  void note_sent(Link& link, const mqtt::Frame& frame, Bytes packet);
  // Is the packet for the transcript?
  bool note_received(Link& link, const mqtt::Frame& frame);
  bool note_connack(Link& link, const mqtt::Frame& frame);
  bool note_publish(Link& link, const mqtt::Frame& frame);
  bool is_again(Link& link, std::uint16_t id, const std::string& what, Received::State state);
  void pump(const std::string& name);
  void resume(const std::string& name);
  void send_again(const std::string& name);
  void complain(const Link& link, const std::string& text);
  Client& client(const Link& link) { return clients_[link.client_id]; }

  ShardsUnderTest& broker_;
  std::map<std::string, Link> links_{};  // that are not gone
  std::map<std::string, Client> clients_{};
  bool holds_publishers_ = false;
  bool is_disk_full_ = false;
  std::string complaints_{};
};

}  // namespace mqz::scenario
