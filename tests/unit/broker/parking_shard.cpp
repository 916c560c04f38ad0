#include "tests/unit/broker/parking_shard.h"

#include <array>

#include "lib/base/check.h"
#include "lib/mqtt/encode.h"

namespace mqz::broker {
namespace {

class ParkingSequencer final : public Sequencer {
 public:
  explicit ParkingSequencer(ParkedRecords& records) : records_(records) {}
  void propose(Record&& record, Now now) override { inner_.propose(std::move(record), now); }
  std::optional<Record> take_committed() override {
    auto record = inner_.take_committed();
    if (!record) return record;
    const std::uint64_t position = record->position;
    const storage::Address address{
        static_cast<std::uint32_t>(1 + position / ParkedRecords::in_segment),
        static_cast<std::uint32_t>(position)};
    record->place = address;
    records_.committed.push_back(*record);
    Record copy = *record;
    if (MessageRef message = take_message(copy)) records_.messages[address] = std::move(message);
    return record;
  }

 private:
  MemorySequencer inner_{};
  ParkedRecords& records_;
};

class CountedMessages final : public ParkedMessages {
 public:
  explicit CountedMessages(ParkedRecords& records) : records_(records) {}
  ReadMessage read(const storage::BodyPlace& place, std::uint32_t, Now) override {
    records_.reads.push_back(place.at(0));
    const auto unread = records_.unread.find(place.at(0));
    if (unread != records_.unread.end()) return tl::unexpected(unread->second);
    return records_.messages.at(place.at(0));
  }

 private:
  ParkedRecords& records_;
};

}  // namespace

ParkingShard::ParkingShard(const TurnLimits& limits, const Settings& settings, EventLog* log) {
  Shard::Options options;
  options.log = log;
  options.repair_command = "mqz broker store repair --accept-loss /store";
  options.settings = settings;
  options.turn = limits;
  options.sequencer = std::make_unique<ParkingSequencer>(records);
  shard = std::make_unique<Shard>(std::move(options));
  shard->use(std::make_unique<CountedMessages>(records));
  shard->set_now(now_);
  shard->start();
}

ParkingShard::~ParkingShard() = default;

Connection& ParkingShard::connect(const std::string& client_id, mqtt::Version version) {
  Connection& connection = ask_to_connect(client_id, version);
  MQZ_CHECK(connection.state == ConnectionState::open);
  return connection;
}

Connection& ParkingShard::ask_to_connect(const std::string& client_id, mqtt::Version version) {
  mqtt::PropertyWriter properties;
  if (version == mqtt::Version::v5)
    properties.number(mqtt::PropertyId::session_expiry_interval, UINT32_MAX);
  mqtt::Connect packet;
  packet.version = version;
  packet.clean_start = false;
  packet.client_id = client_id;
  packet.properties = properties.view();
  std::string bytes;
  mqtt::append(bytes, packet);
  Connection& connection = shard->accept(++last_transport_);
  shard->receive(connection, as_bytes(bytes));
  return connection;
}

void ParkingShard::subscribe(Connection& connection, const std::string& filter) {
  std::string entries;
  mqtt::append_entry(entries, mqtt::SubscribeEntry{filter, {.qos = mqtt::Qos::at_least_once}});
  std::string bytes;
  mqtt::append(bytes, mqtt::Subscribe{.packet_id = ++last_packet_id_, .payload = as_bytes(entries)},
               mqtt::Version::v5);
  shard->receive(connection, as_bytes(bytes));
}

void ParkingShard::publish(Connection& connection, const std::string& topic,
                           const std::string& payload, std::uint32_t expiry_s) {
  mqtt::PropertyWriter properties;
  if (expiry_s != 0) properties.number(mqtt::PropertyId::message_expiry_interval, expiry_s);
  std::string bytes;
  mqtt::append(bytes,
               mqtt::Publish{.qos = mqtt::Qos::at_least_once,
                             .topic = topic,
                             .packet_id = ++last_packet_id_,
                             .properties = properties.view(),
                             .payload = as_bytes(payload)},
               mqtt::Version::v5);
  shard->receive(connection, as_bytes(bytes));
  MQZ_CHECK(connection.state == ConnectionState::open);
}

void ParkingShard::acknowledge(Connection& connection, std::uint16_t packet_id) {
  const std::array<char, 4> puback{'\x40', 2, static_cast<char>(packet_id >> 8U),
                                   static_cast<char>(packet_id)};
  shard->receive(connection, as_bytes(std::string_view(puback.data(), puback.size())));
}

void ParkingShard::lose(Connection& connection) {
  shard->lost(connection);
  shard->release(connection);
}

void ParkingShard::end_session(const std::string& client_id) {
  mqtt::PropertyWriter properties;
  properties.number(mqtt::PropertyId::session_expiry_interval, 0);
  std::string bytes;
  mqtt::append(bytes, mqtt::Disconnect{.properties = properties.view()}, mqtt::Version::v5);
  Connection& connection = connect(client_id);
  shard->receive(connection, as_bytes(bytes));
  settle();
}

void ParkingShard::queue_for(const std::string& client_id, std::size_t count,
                             const std::string& payload, std::uint32_t expiry_s) {
  if (shard->find_session(client_id) == nullptr) {
    Connection& subscriber = connect(client_id);
    subscribe(subscriber, client_id);
    lose(subscriber);
  }
  Connection& publisher = connect("publisher");
  for (std::size_t left = count; left > 0; --left) publish(publisher, client_id, payload, expiry_s);
  lose(publisher);
}

void ParkingShard::turn() {
  shard->tick();
  for (const SlotId id : shard->take_dirty()) {
    Connection* connection = shard->find_connection(id);
    if (connection == nullptr) continue;
    connection->dirty = false;
    std::array<iovec, 64> pieces;
    while (!connection->out.empty()) {
      const std::size_t count = connection->out.pieces(pieces);
      std::size_t bytes = 0;
      for (std::size_t at = 0; at < count; ++at) {
        output_[connection->transport].append(static_cast<const char*>(pieces[at].iov_base),
                                              pieces[at].iov_len);
        bytes += pieces[at].iov_len;
      }
      connection->out.consume(bytes);
    }
  }
}

void ParkingShard::settle() {
  for (int turns = 0; turns < 1'000'000; ++turns) {
    turn();
    if (!shard->has_work() && !shard->has_dirty()) return;
  }
  check_failed("the shard settles", __FILE__, __LINE__);
}

void ParkingShard::pass(Millis time) {
  now_.mono += time;
  now_.wall += time;
  shard->set_now(now_);
  settle();
}

}  // namespace mqz::broker
