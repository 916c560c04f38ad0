#include "tests/unit/mqtt/describe.h"

#include <fmt/format.h>

namespace mqz::mqtt::testing {

namespace {

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    if (code >= 0x20 && code < 0x7F && byte != '\'') {
      out.push_back(byte);
    } else {
      out += fmt::format("\\{:02x}", code);
    }
  }
  return out + "'";
}

std::string quoted(Bytes bytes) { return quoted(as_text(bytes)); }

std::string describe(const PropertyView& properties) {
  std::string out = " {";
  for (const Property& property : properties) {
    out += fmt::format(" {}:{}", static_cast<unsigned>(property.id), property.number);
    out += quoted(property.text) + quoted(property.value);
  }
  return out + " }";
}

std::string describe(const SubscribeEntry& entry) {
  const SubscribeOptions& options = entry.options;
  return fmt::format(" {} qos {} no_local {} as_published {} handling {}", quoted(entry.filter),
                     static_cast<unsigned>(options.qos), options.no_local,
                     options.retain_as_published, options.retain_handling);
}

std::string describe(const Will& will) {
  return fmt::format(" will {} {} qos {} retain {}", quoted(will.topic), quoted(will.payload),
                     static_cast<unsigned>(will.qos), will.retain) +
         describe(will.properties);
}

template <typename Packet>
Decoded<Seen> see_decoded(const Decoded<Packet>& decoded, Version version) {
  if (!decoded) return tl::unexpected(decoded.error());
  return see(*decoded, version);
}

Decoded<Seen> see_connect(const Frame& frame) {
  const Decoded<Connect> decoded = decode_connect(frame);
  if (!decoded) return tl::unexpected(decoded.error());
  return see(*decoded);
}

Decoded<Seen> see_ping(const Frame& frame) {
  const Reason reason = check_ping(frame);
  if (reason != Reason::success) return tl::unexpected(reason);
  const Bytes bytes =
      frame.type == PacketType::pingreq ? Bytes(pingreq_bytes) : Bytes(pingresp_bytes);
  return Seen{std::string(packet_name(frame.type)), std::string(as_text(bytes))};
}

}  // namespace

std::string describe(const Connect& packet) {
  std::string out = fmt::format("CONNECT {} bridge {} clean {} keep alive {} id {}",
                                static_cast<unsigned>(packet.version), packet.bridge,
                                packet.clean_start, packet.keep_alive_s, quoted(packet.client_id));
  out += describe(packet.properties);
  if (packet.will) out += describe(*packet.will);
  if (packet.user_name) out += " user " + quoted(*packet.user_name);
  if (packet.password) out += " password " + quoted(*packet.password);
  return out;
}

std::string describe(const Connack& packet) {
  return fmt::format("CONNACK session {} reason {}", packet.session_present,
                     static_cast<unsigned>(packet.reason)) +
         describe(packet.properties);
}

std::string describe(const Publish& packet) {
  return fmt::format("PUBLISH dup {} qos {} retain {} id {} {}", packet.dup,
                     static_cast<unsigned>(packet.qos), packet.retain, packet.packet_id,
                     quoted(packet.topic)) +
         describe(packet.properties) + quoted(packet.payload);
}

std::string describe(const Ack& packet) {
  return fmt::format("{} {} reason {}", packet_name(packet.type), packet.packet_id,
                     static_cast<unsigned>(packet.reason)) +
         describe(packet.properties);
}

std::string describe(const Subscribe& packet) {
  std::string out = fmt::format("SUBSCRIBE {}", packet.packet_id) + describe(packet.properties);
  SubscribeEntries entries = packet.entries();
  while (const auto entry = entries.next()) out += describe(*entry);
  return out;
}

std::string describe(const Unsubscribe& packet) {
  std::string out = fmt::format("UNSUBSCRIBE {}", packet.packet_id) + describe(packet.properties);
  UnsubscribeEntries entries = packet.entries();
  while (const auto filter = entries.next()) out += " " + quoted(*filter);
  return out;
}

std::string describe(const SubscribeAck& packet) {
  return fmt::format("{} {} ", packet_name(packet.type), packet.packet_id) +
         describe(packet.properties) + quoted(packet.reasons);
}

std::string describe(const Disconnect& packet) {
  return fmt::format("DISCONNECT reason {}", static_cast<unsigned>(packet.reason)) +
         describe(packet.properties);
}

std::string describe(const Auth& packet) {
  return fmt::format("AUTH reason {}", static_cast<unsigned>(packet.reason)) +
         describe(packet.properties);
}

Decoded<Seen> see(const Frame& frame, Version version) {
  switch (frame.type) {
    case PacketType::connect: return see_connect(frame);
    case PacketType::connack: return see_decoded(decode_connack(frame, version), version);
    case PacketType::publish: return see_decoded(decode_publish(frame, version), version);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp: return see_decoded(decode_ack(frame, version), version);
    case PacketType::subscribe: return see_decoded(decode_subscribe(frame, version), version);
    case PacketType::suback:
    case PacketType::unsuback: return see_decoded(decode_subscribe_ack(frame, version), version);
    case PacketType::unsubscribe: return see_decoded(decode_unsubscribe(frame, version), version);
    case PacketType::pingreq:
    case PacketType::pingresp: return see_ping(frame);
    case PacketType::disconnect: return see_decoded(decode_disconnect(frame, version), version);
    case PacketType::auth: return see_decoded(decode_auth(frame, version), version);
  }
  return tl::unexpected(Reason::malformed_packet);
}

}  // namespace mqz::mqtt::testing
