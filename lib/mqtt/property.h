// MQTT 5.0 properties (2.2.2). A property block is kept as its bytes, validated when the packet was
// decoded, and read through PropertyView without copies; PropertyWriter builds one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/bytes.h"
#include "lib/mqtt/types.h"

namespace mqz::mqtt {

enum class PropertyId : std::uint8_t {
  payload_format_indicator = 1,
  message_expiry_interval = 2,
  content_type = 3,
  response_topic = 8,
  correlation_data = 9,
  subscription_identifier = 11,
  session_expiry_interval = 17,
  assigned_client_identifier = 18,
  server_keep_alive = 19,
  authentication_method = 21,
  authentication_data = 22,
  request_problem_information = 23,
  will_delay_interval = 24,
  request_response_information = 25,
  response_information = 26,
  server_reference = 28,
  reason_string = 31,
  receive_maximum = 33,
  topic_alias_maximum = 34,
  topic_alias = 35,
  maximum_qos = 36,
  retain_available = 37,
  user_property = 38,
  maximum_packet_size = 39,
  wildcard_subscription_available = 40,
  subscription_identifier_available = 41,
  shared_subscription_available = 42,
};

// How the value of a property is written (2.2.2.2).
enum class PropertyKind : std::uint8_t { byte, u16, u32, varint, text, binary, text_pair };

// One row of the specification's Table 2-4. The packet types in which a property may stand are a
// bit set: bit (1 << PacketType); the Will Properties count as type 0.
struct PropertyRow {
  PropertyId id{};
  std::string_view name{};  // as mosquitto_pub's -D spells it: "message-expiry-interval"
  PropertyKind kind{};
  std::uint16_t packets{};
  bool repeats{};  // may occur more than once; subscription_identifier only in a PUBLISH
};

// The row of an identifier; nullptr for one the specification does not have.
const PropertyRow* find_property(std::uint32_t id);
const PropertyRow* find_property(std::string_view name);

// One property as decoded. `number` for byte, u16, u32 and varint; `text` for text and binary and
// the key of a pair; `value` for the pair's value.
struct Property {
  PropertyId id{};
  std::uint32_t number{};
  std::string_view text{};
  std::string_view value{};
};

// A validated block, without its length prefix. Iterate to see the properties in their order.
class PropertyView {
 public:
  PropertyView() = default;
  explicit PropertyView(Bytes valid) : bytes_(valid) {}

  Bytes bytes() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }

  class Iterator {
   public:
    explicit Iterator(Bytes rest);
    const Property& operator*() const { return current_; }
    const Property* operator->() const { return &current_; }
    Iterator& operator++();
    bool operator==(const Iterator& other) const { return at_ == other.at_; }
    // The encoded bytes of the current property, identifier included.
    Bytes encoded() const { return {at_, next_}; }

   private:
    void read();
    const std::byte* at_ = nullptr;
    const std::byte* next_ = nullptr;
    const std::byte* end_ = nullptr;
    Property current_{};
  };
  Iterator begin() const { return Iterator(bytes_); }
  Iterator end() const { return Iterator(bytes_.subspan(bytes_.size())); }

  // The first property of that kind. Linear: blocks are short.
  std::optional<std::uint32_t> number(PropertyId id) const;
  std::optional<std::string_view> text(PropertyId id) const;
  bool has(PropertyId id) const;

 private:
  Bytes bytes_{};
};

// Appends properties to a block of its own. Values are the caller's duty to be in range.
class PropertyWriter {
 public:
  void number(PropertyId id, std::uint32_t value);   // byte, u16, u32 and varint kinds
  void text(PropertyId id, std::string_view value);  // text and binary kinds, up to 65 535 bytes
  void pair(std::string_view key, std::string_view value);  // user_property
  void encoded(Bytes property) { block_.append(as_text(property)); }
  void clear() { block_.clear(); }
  bool empty() const { return block_.empty(); }
  PropertyView view() const { return PropertyView(as_bytes(block_)); }

 private:
  std::string block_{};
};

// Where a block stands: decides which properties are allowed (Table 2-4).
inline constexpr PacketType will_properties = static_cast<PacketType>(0);

// Checks a block (without its length prefix) for the packet it stands in: known identifiers,
// allowed here, single ones once, values in range, text well-formed. Returns success,
// malformed_packet, protocol_error, or topic_alias_invalid for Topic Alias 0.
Reason check_properties(Bytes block, PacketType where);

}  // namespace mqz::mqtt
