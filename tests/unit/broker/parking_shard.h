// One shard, turn by turn, whose records have addresses: queues leave their messages there, and
// what is read back is counted.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lib/broker/shard.h"

namespace mqz::broker {

// Where records are, by address, and who has asked for them.
struct ParkedRecords {
  // Segments of so many records; the offset of each is its position.
  static constexpr std::uint64_t in_segment = 100;

  std::map<storage::Address, MessageRef> messages{};
  std::map<storage::Address, Unread> unread{};  // they cannot be read
  std::vector<storage::Address> reads{};        // since the last look
  std::vector<Record> committed{};              // all
};

class ParkingShard {
 public:
  explicit ParkingShard(const TurnLimits& limits = {}, const Settings& settings = {},
                        EventLog* log = nullptr);
  ~ParkingShard();

  // A client that resumes its session, or begins one that lasts.
  Connection& connect(const std::string& client_id, mqtt::Version version = mqtt::Version::v5);
  // One who may be refused, or whose connection may be over already.
  Connection& ask_to_connect(const std::string& client_id,
                             mqtt::Version version = mqtt::Version::v5);
  void subscribe(Connection& connection, const std::string& filter);
  void publish(Connection& connection, const std::string& topic, const std::string& payload,
               std::uint32_t expiry_s = 0);
  void acknowledge(Connection& connection, std::uint16_t packet_id);
  void lose(Connection& connection);
  // The client comes back to say that its session ends now.
  void end_session(const std::string& client_id);
  // For a client that is away, subscribed to its own id; the session is begun if there is none.
  void queue_for(const std::string& client_id, std::size_t count, const std::string& payload = "x",
                 std::uint32_t expiry_s = 0);
  const SendQueue& queue_of(const std::string& client_id) const {
    return shard->find_session(client_id)->send;
  }
  // A turn, in which everything that a connection has to write is taken.
  void turn();
  // Until there is no work left.
  void settle();
  void pass(Millis time);
  // What was written to a client since the last look.
  std::string take_output(const Connection& connection) {
    return std::exchange(output_[connection.transport], {});
  }

  ParkedRecords records{};
  std::unique_ptr<Shard> shard{};

 private:
  Now now_{MonoTime(Millis(1'000'000)), WallTime(Millis(1'700'000'000'000))};
  int last_transport_ = 0;
  std::uint16_t last_packet_id_ = 0;
  std::map<int, std::string> output_{};
};

}  // namespace mqz::broker
