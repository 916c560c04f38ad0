#include "tests/bench/wire.h"

#include <cstring>

namespace mqz::bench {
namespace {

void put_u8(std::string& out, std::size_t v) { out.push_back(static_cast<char>(v & 0xff)); }

void put_u16(std::string& out, std::size_t v) {
  put_u8(out, v >> 8);
  put_u8(out, v);
}

void put_length(std::string& out, std::size_t v) {
  for (; v >= 128; v >>= 7) put_u8(out, (v & 127) | 128);
  put_u8(out, v);
}

void put_text(std::string& out, std::string_view text) {
  put_u16(out, text.size());
  out.append(text);
}

void put_packet(std::string& out, PacketType type, unsigned flags, std::string_view body) {
  put_u8(out, static_cast<unsigned>(type) << 4 | flags);
  put_length(out, body.size());
  out.append(body);
}

// The size of a v5 property section with its length in front.
std::size_t properties_size(std::string_view s) {
  const Length length = read_length(s);
  return length.bytes + length.value;
}

}  // namespace

bool connect_is_v5(const Frame& connect) {
  return byte_at(connect.body, 2 + read_u16(connect.body)) == 5;
}

std::vector<Filter> read_subscribe(const Frame& subscribe, bool v5) {
  std::string_view rest = subscribe.body.substr(2);
  if (v5) rest.remove_prefix(properties_size(rest));
  std::vector<Filter> filters;
  while (rest.size() > 2) {
    const std::size_t size = read_u16(rest);
    filters.push_back({rest.substr(2, size), byte_at(rest, 2 + size) & 3});
    rest.remove_prefix(3 + size);
  }
  return filters;
}

void put_connect(std::string& out, const ConnectOptions& options) {
  constexpr std::size_t keep_alive_seconds = 600;
  std::string body;
  put_text(body, "MQTT");
  put_u8(body, options.v5 ? 5 : 4);
  put_u8(body, options.keep_session ? 0 : 2);
  put_u16(body, keep_alive_seconds);
  if (options.v5 && options.keep_session) {
    body.append("\x05\x11\xff\xff\xff\xff", 6);  // Session Expiry Interval: never
  } else if (options.v5) {
    put_u8(body, 0);
  }
  put_text(body, options.client_id);
  put_packet(out, PacketType::connect, 0, body);
}

void put_connack(std::string& out, bool v5) {
  put_packet(out, PacketType::connack, 0,
             v5 ? std::string_view("\0\0\0", 3) : std::string_view("\0\0", 2));
}

void put_subscribe(std::string& out, std::uint16_t id, const std::vector<Filter>& filters,
                   bool v5) {
  std::string body;
  put_u16(body, id);
  if (v5) put_u8(body, 0);
  for (const Filter& filter : filters) {
    put_text(body, filter.text);
    put_u8(body, filter.qos);
  }
  put_packet(out, PacketType::subscribe, 2, body);
}

void put_suback(std::string& out, std::uint16_t id, const std::vector<Filter>& filters, bool v5) {
  std::string body;
  put_u16(body, id);
  if (v5) put_u8(body, 0);
  for (const Filter& filter : filters) put_u8(body, filter.qos);
  put_packet(out, PacketType::suback, 0, body);
}

void put_ack(std::string& out, PacketType type, std::uint16_t id) {
  const char packet[4] = {
      static_cast<char>(static_cast<unsigned>(type) << 4 | (type == PacketType::pubrel ? 2U : 0U)),
      2, static_cast<char>(id >> 8), static_cast<char>(id & 0xff)};
  out.append(packet, sizeof packet);
}

void put_pingresp(std::string& out) { put_packet(out, PacketType::pingresp, 0, {}); }

void put_disconnect(std::string& out) { put_packet(out, PacketType::disconnect, 0, {}); }

Stamp read_stamp(std::string_view payload) {
  Stamp stamp;
  std::memcpy(&stamp.stream, payload.data(), 4);
  std::memcpy(&stamp.number, payload.data() + 4, 4);
  std::memcpy(&stamp.sent_ns, payload.data() + 8, 8);
  return stamp;
}

PublishTemplate::PublishTemplate(std::string_view topic, unsigned qos, bool retain, bool v5,
                                 std::size_t payload_bytes) {
  std::string body;
  put_text(body, topic);
  const std::size_t id_in_body = body.size();
  if (qos > 0) put_u16(body, 0);
  if (v5) put_u8(body, 0);
  body.append(payload_bytes, '.');
  put_packet(frame_, PacketType::publish, qos << 1 | (retain ? 1U : 0U), body);
  payload_at_ = frame_.size() - payload_bytes;
  if (qos > 0) id_at_ = frame_.size() - body.size() + id_in_body;
}

void PublishTemplate::append(std::string& out, const Stamp& stamp, std::uint16_t id) const {
  const std::size_t start = out.size();
  out.append(frame_);
  char* frame = out.data() + start;
  if (id_at_ != 0) {
    frame[id_at_] = static_cast<char>(id >> 8);
    frame[id_at_ + 1] = static_cast<char>(id & 0xff);
  }
  std::memcpy(frame + payload_at_, &stamp.stream, 4);
  std::memcpy(frame + payload_at_ + 4, &stamp.number, 4);
  std::memcpy(frame + payload_at_ + 8, &stamp.sent_ns, 8);
}

}  // namespace mqz::bench
