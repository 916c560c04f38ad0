// From the bytes of a packet that a broker sent to its text.
#include <fmt/format.h>

#include "tests/scenario/packet_text.h"

namespace mqz::scenario {

namespace {

using mqtt::Frame;
using mqtt::PacketType;
using mqtt::Version;
using Described = Result<PacketText>;

void add(PacketText& text, std::string name, std::string value) {
  text.fields.push_back({std::move(name), std::move(value), false, false, false});
}

void add(PacketText& text, std::string name, std::uint32_t value) {
  add(text, std::move(name), std::to_string(value));
}

void add_flag(PacketText& text, const char* name, bool set) {
  if (set) add(text, name, "1");
}

std::string property_value(const mqtt::PropertyRow& row, const mqtt::Property& property) {
  switch (row.kind) {
    case mqtt::PropertyKind::text:
    case mqtt::PropertyKind::binary: return std::string(property.text);
    case mqtt::PropertyKind::text_pair: return fmt::format("{}:{}", property.text, property.value);
    case mqtt::PropertyKind::byte:
    case mqtt::PropertyKind::u16:
    case mqtt::PropertyKind::u32:
    case mqtt::PropertyKind::varint: return std::to_string(property.number);
  }
  return {};
}

void add_properties(PacketText& text, mqtt::PropertyView properties) {
  for (const mqtt::Property& property : properties) {
    const mqtt::PropertyRow* row = mqtt::find_property(static_cast<std::uint32_t>(property.id));
    add(text, fmt::format("prop.{}", row->name), property_value(*row, property));
  }
}

Described refused(const char* packet, mqtt::Reason reason) {
  return fail(ErrorCode::corrupt,
              fmt::format("the broker sent a {} that is wrong: {}", packet, reason_name(reason)));
}

Described connack(const Frame& frame, Version version) {
  const auto packet = decode_connack(frame, version);
  if (!packet) return refused("CONNACK", packet.error());
  PacketText text{"CONNACK", {}, false};
  add_flag(text, "present", packet->session_present);
  add(text, "rc", reason_name(packet->reason));
  if (version != Version::v5) add(text, "return", std::to_integer<std::uint32_t>(frame.body[1]));
  add_properties(text, packet->properties);
  return text;
}

Described publish(const Frame& frame, Version version) {
  const auto packet = decode_publish(frame, version);
  if (!packet) return refused("PUBLISH", packet.error());
  PacketText text{"PUBLISH", {}, false};
  add(text, "topic", std::string(packet->topic));
  add(text, "qos", static_cast<std::uint32_t>(packet->qos));
  if (packet->qos != mqtt::Qos::at_most_once) add(text, "id", packet->packet_id);
  add_flag(text, "retain", packet->retain);
  add_flag(text, "dup", packet->dup);
  add_properties(text, packet->properties);
  add(text, "payload", std::string(as_text(packet->payload)));
  add(text, "payload-size", static_cast<std::uint32_t>(packet->payload.size()));
  return text;
}

Described acknowledgement(const Frame& frame, Version version) {
  const auto packet = decode_ack(frame, version);
  const std::string name(packet_name(frame.type));
  if (!packet) return refused(name.c_str(), packet.error());
  PacketText text{name, {}, false};
  add(text, "id", packet->packet_id);
  if (version == Version::v5) add(text, "rc", reason_name(packet->reason));
  add_properties(text, packet->properties);
  return text;
}

Described subscribe_acknowledgement(const Frame& frame, Version version) {
  const auto packet = decode_subscribe_ack(frame, version);
  const std::string name(packet_name(frame.type));
  if (!packet) return refused(name.c_str(), packet.error());
  PacketText text{name, {}, false};
  add(text, "id", packet->packet_id);
  std::string reasons;
  for (const std::byte code : packet->reasons) {
    const auto reason = static_cast<mqtt::Reason>(code);
    const bool granted_0 = frame.type == PacketType::suback && reason == mqtt::Reason::success;
    if (!reasons.empty()) reasons += ',';
    reasons += granted_0 ? "granted-qos-0" : reason_name(reason);
  }
  if (!reasons.empty()) add(text, "rc", reasons);
  add_properties(text, packet->properties);
  return text;
}

Described disconnect(const Frame& frame, Version version) {
  const auto packet = decode_disconnect(frame, version);
  if (!packet) return refused("DISCONNECT", packet.error());
  PacketText text{"DISCONNECT", {}, false};
  add(text, "rc", reason_name(packet->reason));
  add_properties(text, packet->properties);
  return text;
}

Described auth(const Frame& frame, Version version) {
  const auto packet = decode_auth(frame, version);
  if (!packet) return refused("AUTH", packet.error());
  PacketText text{"AUTH", {}, false};
  add(text, "rc", reason_name(packet->reason));
  add_properties(text, packet->properties);
  return text;
}

Described describe(const Frame& frame, Version version) {
  switch (frame.type) {
    case PacketType::connack: return connack(frame, version);
    case PacketType::publish: return publish(frame, version);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp: return acknowledgement(frame, version);
    case PacketType::suback:
    case PacketType::unsuback: return subscribe_acknowledgement(frame, version);
    case PacketType::pingresp: return PacketText{"PINGRESP", {}, false};
    case PacketType::disconnect: return disconnect(frame, version);
    case PacketType::auth: return auth(frame, version);
    case PacketType::connect:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
    case PacketType::pingreq: break;
  }
  return fail(ErrorCode::corrupt, fmt::format("a broker may not send {}", packet_name(frame.type)));
}

}  // namespace

Result<PacketText> describe_packet(const mqtt::Frame& frame, mqtt::Version version) {
  if (!may_send_server(frame.type, version)) {
    return fail(ErrorCode::corrupt,
                fmt::format("a broker may not send {}", packet_name(frame.type)));
  }
  Described text = describe(frame, version);
  if (!text) return text;
  add(*text, "length", static_cast<std::uint32_t>(frame.body.size()));
  add(*text, "size", static_cast<std::uint32_t>(frame.bytes));
  return text;
}

}  // namespace mqz::scenario
