#include "lib/backend/mqtt/client.h"

#include <array>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "lib/mqtt/decode.h"
#include "lib/mqtt/encode.h"
#include "lib/os/clock.h"

using namespace mqz;
using namespace mqz::backend;

namespace {

struct Recorder : PubSubEvents {
  std::vector<std::string> log{};
  bool ended = false;
  std::string error{};
  int waits = 0;

  void on_connected(const Connected& c) override {
    log.push_back("up v" + std::to_string(static_cast<int>(c.version)));
  }
  bool on_message(const mqtt::Publish& m) override {
    log.push_back(std::string(as_text(m.payload)));
    return true;
  }
  void on_published(const Published& p) override {
    log.push_back("acked " + std::to_string(p.number));
  }
  void on_subscribed(std::uint16_t, Bytes) override {}
  void on_unsubscribed(std::uint16_t, Bytes) override {}
  void on_waiting(const Error& why, Millis) override {
    ++waits;
    error = why.text;
  }
  void on_ended(const Error* why) override {
    ended = true;
    error = why == nullptr ? "" : why->text;
  }
};

// The server's side, in the test's hands: accepts, reads packets, answers.
struct FakeServer {
  os::Listener listener;
  os::Fd connection{};
  std::string input{};

  static os::Listener listen(std::uint16_t port = 0) {
    auto listener = os::listen_on(os::resolve("127.0.0.1", port)->front());
    REQUIRE(listener);
    return std::move(*listener);
  }
  explicit FakeServer() : listener(listen()) {}

  std::uint16_t port() const {
    const std::string& text = listener.address.text;
    return static_cast<std::uint16_t>(std::stoi(text.substr(text.rfind(':') + 1)));
  }
  void poll() {
    auto accepted = os::accept_on(listener, false);
    if (accepted.status == os::IoStatus::ok) {
      connection = std::move(accepted.accepted.fd);
      input.clear();
    }
    if (!connection.is_open()) return;
    std::array<std::byte, 4096> room{};
    const auto got = os::read_some(connection.get(), room);
    if (got.status == os::IoStatus::ok) input += as_text(Bytes(room).first(got.bytes));
    if (got.status == os::IoStatus::closed) connection.close();
  }
  void drop() {
    connection.close();
    input.clear();
  }
  std::size_t packets() const {
    std::size_t count = 0;
    Bytes rest = as_bytes(input);
    for (auto next = mqtt::next_frame(rest); next.status == mqtt::FrameStatus::complete;
         next = mqtt::next_frame(rest)) {
      rest = rest.subspan(next.frame.bytes);
      ++count;
    }
    return count;
  }
  template <typename Packet>
  void send(const Packet& packet, mqtt::Version version = mqtt::Version::v5) {
    std::string bytes;
    mqtt::append(bytes, packet, version);
    REQUIRE(os::write_some(connection.get(), as_bytes(bytes)).bytes == bytes.size());
  }
};

struct World {
  FakeServer server{};
  os::Poller poller = std::move(*os::Poller::open());
  Recorder events{};
  MqttClientOptions options{};
  std::unique_ptr<PubSub> client{};

  World() {
    options.servers = {Server{"127.0.0.1", server.port(), {}}};
    options.delay_first = Millis(5);
    options.delay_max = Millis(20);
  }
  void start() {
    client = std::make_unique<MqttClient>(poller, options, events);
    client->start(os::read_mono());
  }
  void run_until(const std::function<bool()>& done) {
    const MonoTime give_up = os::read_mono() + Millis(10'000);
    while (!done()) {
      REQUIRE(os::read_mono() < give_up);
      const auto ready = poller.wait(Millis(2));
      const MonoTime now = os::read_mono();
      os::dispatch(ready, now);
      client->tick(now);
      client->flush(now);
      server.poll();
    }
  }
  void connect() {
    start();
    run_until([&] { return server.packets() == 1; });
    server.send(mqtt::Connack{});
    run_until([&] { return client->has_room(); });
  }
  void publish(std::string_view payload, mqtt::Qos qos) {
    mqtt::Publish message;
    message.topic = "t";
    message.qos = qos;
    message.payload = as_bytes(payload);
    REQUIRE(client->publish(message));
  }
};

}  // namespace

TEST_CASE("a client connects, publishes, says goodbye and waits for the server's close",
          "[client]") {
  World world;
  world.connect();
  world.publish("x", mqtt::Qos::at_most_once);
  world.client->finish(mqtt::Reason::success, {}, os::read_mono(), Millis(10'000));
  world.run_until([&] { return world.events.ended; });
  CHECK(world.events.error.empty());
  CHECK(world.server.packets() == 3);
}

TEST_CASE("a client that nobody answers says where and why", "[client]") {
  World world;
  world.server.listener.fd.close();
  world.start();
  world.run_until([&] { return world.events.ended; });
  CHECK(world.events.error ==
        "cannot connect to 127.0.0.1:" + std::to_string(world.options.servers[0].port) +
            ": Connection refused");
}

TEST_CASE("the servers of a list are tried in order", "[client]") {
  World world;
  FakeServer gone;
  gone.listener.fd.close();
  world.options.servers.insert(world.options.servers.begin(), Server{"127.0.0.1", gone.port(), {}});
  world.connect();
  CHECK(world.events.log == std::vector<std::string>{"up v5"});
}

TEST_CASE("localhost is reached though only one family listens", "[client]") {
  World world;
  world.options.servers[0].host = "localhost";
  world.connect();
  CHECK(world.client->has_room());
}

TEST_CASE("a server that closes before CONNACK is tried with 3.1.1, then named", "[client]") {
  World world;
  world.start();
  world.run_until([&] { return world.server.packets() == 1; });
  world.server.drop();
  world.run_until([&] { return world.server.packets() == 1; });
  CHECK(world.server.input[8] == 4);
  world.server.drop();
  world.run_until([&] { return world.events.ended; });
  CHECK_THAT(world.events.error, Catch::Contains("closed the connection before it answered"));
}

TEST_CASE("a lost connection is made again and what was open is sent again", "[client]") {
  World world;
  world.connect();
  world.publish("x", mqtt::Qos::at_least_once);
  world.run_until([&] { return world.server.packets() == 2; });
  world.server.connection.close();
  world.run_until([&] { return world.events.waits == 1; });
  CHECK_THAT(world.events.error, Catch::Contains("lost the connection to 127.0.0.1:"));
  world.run_until([&] { return world.server.packets() == 1; });
  world.server.send(mqtt::Connack{});
  world.run_until([&] { return world.server.packets() == 2; });
  world.server.send(mqtt::Ack{mqtt::PacketType::puback, 1, {}, {}});
  world.run_until([&] { return world.client->unacknowledged() == 0; });
  CHECK(world.events.log == std::vector<std::string>{"up v5", "up v5", "acked 1"});
}

TEST_CASE("QoS 0 messages of a lost connection are counted as uncertain", "[client]") {
  World world;
  world.connect();
  world.publish("x", mqtt::Qos::at_most_once);
  world.run_until([&] { return world.server.packets() == 2; });
  world.server.connection.close();
  world.run_until([&] { return world.events.waits == 1; });
  CHECK(world.client->uncertain() == 1);
}

TEST_CASE("without reconnection a lost connection is the end", "[client]") {
  World world;
  world.options.reconnect = false;
  world.connect();
  world.server.connection.close();
  world.run_until([&] { return world.events.ended; });
  CHECK_THAT(world.events.error, Catch::StartsWith("lost the connection to"));
}

TEST_CASE("a refusal names the server, the reason and its number, and is not tried again",
          "[client]") {
  World world;
  world.start();
  world.run_until([&] { return world.server.packets() == 1; });
  world.server.send(mqtt::Connack{false, mqtt::Reason::not_authorized, {}});
  world.run_until([&] { return world.events.ended; });
  CHECK_THAT(world.events.error, Catch::EndsWith("refused the connection: not authorized (135)"));
}

TEST_CASE("a server that accepts and stays silent is given up in time", "[client]") {
  World world;
  world.options.connect_timeout = Millis(50);
  world.start();
  world.run_until([&] { return world.events.ended; });
  CHECK_THAT(world.events.error, Catch::EndsWith("sent no CONNACK for 50 ms"));
}

TEST_CASE("a message larger than the read buffer arrives whole", "[client]") {
  World world;
  world.connect();
  const std::string large(300'000, 'x');
  std::string bytes;
  mqtt::append(bytes, mqtt::Publish{false, {}, false, "t", 0, {}, as_bytes(large)},
               mqtt::Version::v5);
  std::size_t sent = 0;
  world.run_until([&] {
    const auto wrote = os::write_some(world.server.connection.get(), as_bytes(bytes).subspan(sent));
    sent += wrote.bytes;
    return sent == bytes.size();
  });
  world.run_until([&] { return world.events.log.size() == 2; });
  CHECK(world.events.log[1] == large);
}

TEST_CASE("a paused client reads nothing until it goes on", "[client]") {
  World world;
  world.connect();
  world.client->pause(true);
  world.server.send(mqtt::Publish{false, {}, false, "t", 0, {}, as_bytes("m")});
  for (int i = 0; i < 20; ++i) {
    int turns = 0;
    world.run_until([&] { return turns++ > 0; });
  }
  CHECK(world.events.log.size() == 1);
  world.client->pause(false);
  world.run_until([&] { return world.events.log.size() == 2; });
}

TEST_CASE("back-off doubles to its limit, with jitter below", "[client]") {
  Backoff backoff(Millis(100), Millis(1000));
  CHECK(backoff.take(0) == Millis(100));
  CHECK(backoff.take(0) == Millis(200));
  CHECK(backoff.take(200) == Millis(200));
  CHECK(backoff.take(0) == Millis(800));
  CHECK(backoff.take(0) == Millis(1000));
  CHECK(backoff.take(0) == Millis(1000));
  backoff.reset();
  CHECK(backoff.take(50) == Millis(50));
}

TEST_CASE("server lists are hosts, ports, bracketed IPv6 and socket paths", "[client]") {
  const auto servers = parse_servers("a,b:5,[::1]:6,::1,[::2],/run/x.sock", 1883);
  REQUIRE(servers);
  CHECK(*servers == std::vector<Server>{{"a", 1883, {}},
                                        {"b", 5, {}},
                                        {"::1", 6, {}},
                                        {"::1", 1883, {}},
                                        {"::2", 1883, {}},
                                        {"", 0, "/run/x.sock"}});
  CHECK(servers->at(2).text() == "[::1]:6");
  for (const char* bad : {"", "a,", "a:", "a:0", "a:65536", "a:x", "[::1", "[::1]x", ":5"}) {
    INFO(bad);
    CHECK_FALSE(parse_servers(bad, 1883));
  }
}
