// The few MQTT frames that a load generator and a bare relay exchange, 3.1.1 and 5. It shares no
// code with lib/mqtt, so neither can hide a fault of the other, and it trusts its peer: nothing
// but lengths is validated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mqz::bench {

enum class PacketType : std::uint8_t {
  connect = 1,
  connack,
  publish,
  puback,
  pubrec,
  pubrel,
  pubcomp,
  subscribe,
  suback,
  unsubscribe,
  unsuback,
  pingreq,
  pingresp,
  disconnect,
  auth,
};

// One packet in somebody's buffer; the views live as long as that buffer.
struct Frame {
  PacketType type{};
  unsigned flags = 0;
  std::string_view whole;
  std::string_view body;  // behind the fixed header
};

struct Publish {
  unsigned qos = 0;
  std::string_view topic;
  std::uint16_t id = 0;       // 0 at QoS 0
  std::size_t id_offset = 0;  // from the start of the frame
  std::string_view payload;
};

struct Filter {
  std::string_view text;
  unsigned qos = 0;
};

inline unsigned byte_at(std::string_view s, std::size_t i) {
  return static_cast<unsigned char>(s[i]);
}
inline std::uint16_t read_u16(std::string_view at) {
  return static_cast<std::uint16_t>(byte_at(at, 0) << 8 | byte_at(at, 1));
}

// A variable byte integer; no bytes: more are needed.
struct Length {
  std::size_t value = 0;
  std::size_t bytes = 0;
};
inline Length read_length(std::string_view s) {
  Length length;
  for (std::size_t i = 0; i < 4 && i < s.size(); ++i) {
    length.value |= static_cast<std::size_t>(byte_at(s, i) & 127) << (7 * i);
    if (byte_at(s, i) < 128) {
      length.bytes = i + 1;
      return length;
    }
  }
  return Length{};
}

// Takes the first packet off `in`; false, and nothing taken, while it is incomplete.
inline bool take_frame(std::string_view& in, Frame& frame) {
  if (in.size() < 2) return false;
  const Length length = read_length(in.substr(1));
  const std::size_t total = 1 + length.bytes + length.value;
  if (length.bytes == 0 || in.size() < total) return false;
  frame.type = static_cast<PacketType>(byte_at(in, 0) >> 4);
  frame.flags = byte_at(in, 0) & 15;
  frame.whole = in.substr(0, total);
  frame.body = frame.whole.substr(1 + length.bytes);
  in.remove_prefix(total);
  return true;
}

// Of an acknowledgement, a SUBSCRIBE or a SUBACK.
inline std::uint16_t packet_id(const Frame& frame) { return read_u16(frame.body); }

inline Publish read_publish(const Frame& frame, bool v5) {
  Publish publish;
  publish.qos = frame.flags >> 1 & 3;
  publish.topic = frame.body.substr(2, read_u16(frame.body));
  std::size_t at = 2 + publish.topic.size();
  if (publish.qos > 0) {
    publish.id = read_u16(frame.body.substr(at));
    publish.id_offset = frame.whole.size() - frame.body.size() + at;
    at += 2;
  }
  if (v5) {
    const Length properties = read_length(frame.body.substr(at));
    at += properties.bytes + properties.value;
  }
  publish.payload = frame.body.substr(at);
  return publish;
}

bool connect_is_v5(const Frame& connect);
std::vector<Filter> read_subscribe(const Frame& subscribe, bool v5);

// All of these append one packet to `out`.
struct ConnectOptions {
  std::string_view client_id;
  bool v5 = false;
  bool keep_session = false;  // Clean Start 0 and, in v5, a session that never expires
};
void put_connect(std::string& out, const ConnectOptions& options);
void put_connack(std::string& out, bool v5);
void put_subscribe(std::string& out, std::uint16_t id, const std::vector<Filter>& filters, bool v5);
void put_suback(std::string& out, std::uint16_t id, const std::vector<Filter>& filters, bool v5);
void put_ack(std::string& out, PacketType type, std::uint16_t id);
void put_pingresp(std::string& out);
void put_disconnect(std::string& out);

// What a payload begins with; the rest is filling. At least `stamp_bytes` long.
struct Stamp {
  std::uint32_t stream = 0;  // one publisher and one topic
  std::uint32_t number = 0;  // from 0, per stream
  std::uint64_t sent_ns = 0;
};
inline constexpr std::size_t stamp_bytes = 16;
Stamp read_stamp(std::string_view payload);

// A PUBLISH that is encoded once and only stamped for each message.
class PublishTemplate {
 public:
  PublishTemplate(std::string_view topic, unsigned qos, bool retain, bool v5,
                  std::size_t payload_bytes);
  void append(std::string& out, const Stamp& stamp, std::uint16_t id) const;

 private:
  std::string frame_;
  std::size_t id_at_ = 0;  // 0: no packet identifier
  std::size_t payload_at_ = 0;
};

}  // namespace mqz::bench
