// What a shard keeps after many connections have come and gone, and many values were replaced.
#include <catch2/catch.hpp>

#include "lib/broker/shard.h"

using namespace mqz;
using namespace mqz::broker;

namespace {

std::unique_ptr<Shard> make_shard(Settings settings = {}) {
  Shard::Options options;
  options.settings = std::move(settings);
  options.sequencer = std::make_unique<MemorySequencer>();
  auto shard = std::make_unique<Shard>(std::move(options));
  Now now{};
  now.mono = MonoTime(Millis(1000));
  shard->set_now(now);
  return shard;
}

void release_all(Shard& shard) {
  for (const SlotId id : shard.take_dirty()) {
    Connection* connection = shard.find_connection(id);
    if (connection == nullptr) continue;
    connection->dirty = false;
    if (connection->state == ConnectionState::closed) shard.release(*connection);
  }
}

Bytes text(std::string_view bytes) { return as_bytes(bytes); }

// MQTT 5, clean start, keep-alive of a minute, no client id.
constexpr std::string_view connect{"\x10\x0D\0\4MQTT\5\2\0\x3C\0\0\0", 15};

}  // namespace

TEST_CASE("a storm of connections leaves no timers behind", "[broker]") {
  const auto shard = make_shard();
  for (int round = 0; round < 20'000; ++round) {
    Connection& connection = shard->accept(7);
    shard->receive(connection, text(connect));
    shard->lost(connection);
    release_all(*shard);
    shard->tick();
  }
  CHECK(shard->connection_count() == 0);
  CHECK(shard->timer_count() < 10'000);
}

TEST_CASE("a retained value that is replaced often keeps one deadline", "[broker]") {
  const auto shard = make_shard();
  Connection& publisher = shard->accept(7);
  shard->receive(publisher, text(connect));
  // PUBLISH, QoS 0, retained, topic t, expiry of an hour.
  constexpr std::string_view publish{"\x31\x0A\0\1t\5\2\0\0\x0E\x10x", 12};
  for (int round = 0; round < 20'000; ++round) shard->receive(publisher, text(publish));
  CHECK(shard->retained_count() == 1);
  CHECK(shard->retained_expiry_count() < 2'000);
  CHECK(shard->timer_count() < 10);
  shard->lost(publisher);
  release_all(*shard);
}

TEST_CASE("a client that never reads its answers is disconnected", "[broker]") {
  Settings settings;
  settings.outgoing_bytes_max = 1000;
  settings.packet_bytes_max = 2000;
  const auto shard = make_shard(settings);
  Connection& client = shard->accept(7);
  shard->receive(client, text(connect));
  std::string pings;
  for (int count = 0; count < 1000; ++count) pings += "\xC0" + std::string(1, '\0');
  int rounds = 0;
  while (client.state == ConnectionState::open && rounds < 10'000) {
    shard->receive(client, text(pings));
    ++rounds;
  }
  CHECK(client.state == ConnectionState::closing);
  CHECK(rounds > 100);
  CHECK(rounds < 1000);
  shard->lost(client);
  release_all(*shard);
}

TEST_CASE("a client that subscribes again and again without reading is disconnected", "[broker]") {
  Settings settings;
  settings.filters_per_session_max = 3;
  const auto shard = make_shard(settings);
  Connection& client = shard->accept(7);
  shard->receive(client, text(connect));
  // A retained value large enough that reads wait until it is taken.
  const std::string payload(300'000, 'x');
  std::string publish;
  mqtt::append(publish, mqtt::Publish{.retain = true, .topic = "t", .payload = as_bytes(payload)},
               mqtt::Version::v5);
  shard->receive(client, text(publish));
  std::string entries;
  mqtt::append_entry(entries, mqtt::SubscribeEntry{"t", {}});
  std::string subscribe;
  mqtt::append(subscribe, mqtt::Subscribe{.packet_id = 1, .payload = as_bytes(entries)},
               mqtt::Version::v5);
  int rounds = 0;
  while (client.state == ConnectionState::open && rounds < 100) {
    shard->receive(client, text(subscribe));
    ++rounds;
  }
  CHECK(client.state == ConnectionState::closing);
  CHECK(rounds < 10);
  shard->lost(client);
  release_all(*shard);
}
