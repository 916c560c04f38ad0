// Every control packet as a plain struct of views. Decoded packets point into the input buffer and
// live as long as it; to encode, point them at whatever holds the parts.
// For versions before 5 the properties are empty and reasons are those that the version can say.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/mqtt/property.h"
#include "lib/mqtt/types.h"

namespace mqz::mqtt {

struct Will {
  std::string_view topic{};
  Bytes payload{};
  Qos qos{};
  bool retain{};
  PropertyView properties{};
};

struct Connect {  // 3.1
  Version version = Version::v5;
  bool clean_start{};  // Clean Session before 5
  std::uint16_t keep_alive_s{};
  std::string_view client_id{};
  std::optional<Will> will{};
  std::optional<std::string_view> user_name{};
  std::optional<Bytes> password{};
  PropertyView properties{};
  bool bridge{};  // the top bit of the protocol level, as Mosquitto's bridges set it (3.x)
};

struct Connack {  // 3.2
  bool session_present{};
  Reason reason{};  // before 5: written as connect_return(reason)
  PropertyView properties{};
};

struct Publish {  // 3.3
  bool dup{};
  Qos qos{};
  bool retain{};
  std::string_view topic{};   // may be empty in 5 with a topic alias
  std::uint16_t packet_id{};  // 0 with QoS 0
  PropertyView properties{};
  Bytes payload{};
};

struct Ack {  // PUBACK, PUBREC, PUBREL, PUBCOMP: 3.4 to 3.7
  PacketType type{};
  std::uint16_t packet_id{};
  Reason reason{};
  PropertyView properties{};
};

// Subscription options (3.8.3.1). Before 5 only the QoS is there.
struct SubscribeOptions {
  Qos qos{};
  bool no_local{};
  bool retain_as_published{};
  std::uint8_t retain_handling{};  // 0 send, 1 send if new, 2 do not send
  friend bool operator==(const SubscribeOptions&, const SubscribeOptions&) = default;
};

struct SubscribeEntry {
  std::string_view filter{};
  SubscribeOptions options{};
};

// The entries of a SUBSCRIBE payload, validated: call next until it says nothing.
class SubscribeEntries {
 public:
  SubscribeEntries() = default;
  explicit SubscribeEntries(Bytes valid) : rest_(valid) {}
  std::optional<SubscribeEntry> next();

 private:
  Bytes rest_{};
};

// The filters of an UNSUBSCRIBE payload, validated.
class UnsubscribeEntries {
 public:
  UnsubscribeEntries() = default;
  explicit UnsubscribeEntries(Bytes valid) : rest_(valid) {}
  std::optional<std::string_view> next();

 private:
  Bytes rest_{};
};

struct Subscribe {  // 3.8
  std::uint16_t packet_id{};
  PropertyView properties{};
  Bytes payload{};  // the entries' bytes; at least one entry
  SubscribeEntries entries() const { return SubscribeEntries(payload); }
};

struct Unsubscribe {  // 3.10
  std::uint16_t packet_id{};
  PropertyView properties{};
  Bytes payload{};
  UnsubscribeEntries entries() const { return UnsubscribeEntries(payload); }
};

// SUBACK (3.9) and UNSUBACK (3.11): one reason byte per entry. An UNSUBACK before 5 has none.
struct SubscribeAck {
  PacketType type{};
  std::uint16_t packet_id{};
  PropertyView properties{};
  Bytes reasons{};
};

struct Disconnect {  // 3.14
  Reason reason{};
  PropertyView properties{};
};

struct Auth {  // 3.15, version 5 only
  Reason reason{};
  PropertyView properties{};
};

}  // namespace mqz::mqtt
