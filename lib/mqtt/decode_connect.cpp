// CONNECT and CONNACK (3.1, 3.2).
#include "lib/base/rules.h"
#include "lib/mqtt/decode.h"
#include "lib/mqtt/reader.h"
#include "lib/mqtt/topic.h"

namespace mqz::mqtt {

namespace {

constexpr unsigned bridge_bit = 0x80;

struct Protocol {
  Version version{};
  bool bridge{};
};

std::optional<Protocol> find_protocol(std::string_view name, unsigned level) {
  if (name == "MQTT" && level == 5) return Protocol{Version::v5, false};
  const bool bridge = (level & bridge_bit) != 0;
  const unsigned number = level & ~bridge_bit;
  if (name == "MQTT" && number == 4) return Protocol{Version::v311, bridge};
  if (name == "MQIsdp" && number == 3) return Protocol{Version::v31, bridge};
  return std::nullopt;
}

void read_protocol(Reader& in, Connect& packet) {
  const std::string_view name = in.text();
  const unsigned level = in.u8();
  const std::optional<Protocol> protocol = find_protocol(name, level);
  if (!protocol) {
    in.fail(Reason::unsupported_protocol_version);
    return;
  }
  packet.version = protocol->version;
  packet.bridge = protocol->bridge;
}

// The Connect Flags (3.1.2.3).
struct ConnectFlags {
  bool reserved{};
  bool clean_start{};
  bool will{};
  unsigned will_qos{};
  bool will_retain{};
  bool password{};
  bool user_name{};
};

ConnectFlags split_flags(unsigned byte) {
  return {(byte & 0x01U) != 0, (byte & 0x02U) != 0, (byte & 0x04U) != 0, (byte >> 3U) & 0x03U,
          (byte & 0x20U) != 0, (byte & 0x40U) != 0, (byte & 0x80U) != 0};
}

bool are_valid(const ConnectFlags& flags, Version version) {
  if (MQZ_RULE(connect_flag) && flags.reserved) return false;
  if (MQZ_RULE(will_qos) && flags.will_qos == 3) return false;
  if (!flags.will && (flags.will_qos != 0 || flags.will_retain)) return false;
  return version == Version::v5 || flags.user_name || !flags.password;  // [MQTT-3.1.2-22] of 3.1.1
}

void read_will(Reader& in, const ConnectFlags& flags, Connect& packet) {
  Will& will = packet.will.emplace();
  will.qos = static_cast<Qos>(flags.will_qos);
  will.retain = flags.will_retain;
  will.properties = in.properties(will_properties, packet.version);
  will.topic = in.text();
  will.payload = in.binary();
  in.require(is_valid_topic(will.topic), Reason::topic_name_invalid);
}

void read_login(Reader& in, const ConnectFlags& flags, Connect& packet) {
  // In 3.1 the Remaining Length goes before these two flags: what is not there is not meant.
  const bool may_be_missing = packet.version == Version::v31;
  if (flags.user_name && !(may_be_missing && in.at_end())) packet.user_name = in.text();
  if (flags.password && !(may_be_missing && in.at_end())) packet.password = in.binary();
}

// Rules that need the whole packet.
Reason check_connect(const Connect& packet) {
  const bool may_be_nameless =
      packet.version == Version::v5 || (packet.version == Version::v311 && packet.clean_start);
  if (packet.client_id.empty() && !may_be_nameless) return Reason::client_identifier_not_valid;
  const bool has_data = packet.properties.has(PropertyId::authentication_data);
  if (has_data && !packet.properties.has(PropertyId::authentication_method)) {
    return Reason::protocol_error;  // 3.1.2.11.10
  }
  return Reason::success;
}

// What a return code of 3.x means; nothing for a reserved one.
std::optional<Reason> find_reason(unsigned return_code) {
  switch (return_code) {
    case 0: return Reason::success;
    case 1: return Reason::unsupported_protocol_version;
    case 2: return Reason::client_identifier_not_valid;
    case 3: return Reason::server_unavailable;
    case 4: return Reason::bad_user_name_or_password;
    case 5: return Reason::not_authorized;
  }
  return std::nullopt;
}

Reason read_connack_reason(Reader& in, Version version) {
  const std::uint8_t code = in.u8();
  if (version == Version::v5) {
    const Reason reason = static_cast<Reason>(code);
    in.require(is_allowed_reason(PacketType::connack, reason), Reason::protocol_error);
    return reason;
  }
  const std::optional<Reason> reason = find_reason(code);
  in.require(reason.has_value(), Reason::protocol_error);
  return reason.value_or(Reason::success);
}

}  // namespace

std::optional<Version> connect_version(const Frame& frame) {
  Reader in(frame.body);
  Connect packet;
  read_protocol(in, packet);
  return in.ok() ? std::optional(packet.version) : std::nullopt;
}

Decoded<Connect> decode_connect(const Frame& frame) {
  Reader in(frame.body);
  Connect packet;
  read_protocol(in, packet);
  const ConnectFlags flags = split_flags(in.u8());
  in.require(are_valid(flags, packet.version), Reason::malformed_packet);
  packet.clean_start = flags.clean_start;
  packet.keep_alive_s = in.u16();
  packet.properties = in.properties(PacketType::connect, packet.version);
  packet.client_id = in.text();
  if (flags.will) read_will(in, flags, packet);
  read_login(in, flags, packet);
  in.expect_end();
  if (!in.ok()) return tl::unexpected(in.reason());

  const Reason reason = check_connect(packet);
  if (reason != Reason::success) return tl::unexpected(reason);
  return packet;
}

Decoded<Connack> decode_connack(const Frame& frame, Version version) {
  Reader in(frame.body);
  const unsigned flags = in.u8();
  in.require(flags <= 1, Reason::malformed_packet);
  Connack packet;
  packet.session_present = flags == 1 && version != Version::v31;  // not used in 3.1
  packet.reason = read_connack_reason(in, version);
  packet.properties = in.properties(PacketType::connack, version);
  in.expect_end();
  // A refusal has no session [MQTT-3.2.2-6].
  in.require(!packet.session_present || !is_failure(packet.reason), Reason::protocol_error);
  if (!in.ok()) return tl::unexpected(in.reason());
  return packet;
}

}  // namespace mqz::mqtt
