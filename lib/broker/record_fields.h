// The fields that records and snapshot entries are made of, as bytes. For record_codec.cpp and
// snapshot_codec.cpp alone.
#pragma once

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "lib/base/bytes.h"
#include "lib/broker/record.h"
#include "lib/mqtt/topic.h"

namespace mqz::broker {

struct Sizer {
  std::size_t bytes = 0;
  void number(std::uint64_t value) {
    do {
      ++bytes;
      value >>= 7U;
    } while (value != 0);
  }
  void raw(Bytes piece) { bytes += piece.size(); }
};

struct Writer {
  std::byte* at;
  void number(std::uint64_t value) {
    while (value >= 128) {
      *at++ = static_cast<std::byte>((value & 0x7FU) | 0x80U);
      value >>= 7U;
    }
    *at++ = static_cast<std::byte>(value);
  }
  void raw(Bytes piece) {
    if (!piece.empty()) std::memcpy(at, piece.data(), piece.size());
    at += piece.size();
  }
};

template <typename Sink>
void put_block(Sink& sink, Bytes block) {
  sink.number(block.size());
  sink.raw(block);
}

enum FieldFlag : unsigned {
  qos_bits = 3,
  retain_flag = 4,
  expires_flag = 8,
  group_flag = 16,
  read_flag = 32,
  will_expiry_flag = 1,
};

inline std::uint64_t wall_ms(MonoTime time, Now now) {
  const auto wall = now.wall + (time - now.mono);
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, wall.time_since_epoch().count()));
}

// The sign in the lowest bit: 0, -1, 1, -2, ...
inline std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}
inline std::int64_t unzigzag(std::uint64_t bits) {
  return static_cast<std::int64_t>((bits >> 1U) ^ (0 - (bits & 1U)));
}

template <typename Sink>
void put_clock(Sink& sink, const ClockRecord& clock) {
  sink.number(zigzag(clock.offset.count()));
  sink.number(static_cast<std::uint64_t>(clock.time.time_since_epoch().count()));
}

inline unsigned message_flags(const Message& message) {
  return static_cast<unsigned>(message.qos()) | (message.retain() ? retain_flag : 0U) |
         (message.expires() ? expires_flag : 0U);
}

// A message whose topic stands elsewhere.
template <typename Sink>
void put_untitled(Sink& sink, const Message& message, Now now) {
  if (const auto expires = message.expires()) sink.number(wall_ms(*expires, now));
  put_block(sink, message.properties().bytes());
  sink.raw(message.payload());
}

// The payload last: it fills the rest.
template <typename Sink>
void put_message(Sink& sink, const Message& message, Now now) {
  if (const auto expires = message.expires()) sink.number(wall_ms(*expires, now));
  put_block(sink, as_bytes(message.topic()));
  put_block(sink, message.properties().bytes());
  sink.raw(message.payload());
}

template <typename Sink>
void put_will(Sink& sink, const Will& will, Now now) {
  sink.number(will.delay_s);
  sink.number(will.expiry_s ? will_expiry_flag : 0U);
  sink.number(will.expiry_s.value_or(0));
  sink.number(message_flags(*will.message));
  put_message(sink, *will.message, now);
}

// ---- Reading. A wrong byte makes it bad; the fields read after that mean nothing. ----

class Reader {
 public:
  Reader(Bytes body, Now now) : rest_(body), now_(now) {}

  bool is_bad() const { return bad_; }
  bool is_empty() const { return rest_.empty(); }

  template <typename Number = std::uint64_t>
  Number number(std::uint64_t most = std::numeric_limits<Number>::max()) {
    std::uint64_t value = 0;
    unsigned shift = 0;
    for (;;) {
      if (rest_.empty() || shift > 63) return fail(), Number{};
      const auto byte = std::to_integer<std::uint64_t>(rest_[0]);
      rest_ = rest_.subspan(1);
      if (shift == 63 && byte > 1) return fail(), Number{};
      value |= (byte & 0x7FU) << shift;
      if (byte < 128) break;
      shift += 7;
    }
    if (value > most) return fail(), Number{};
    return static_cast<Number>(value);
  }
  Bytes block() {
    const auto size = number();
    if (bad_ || size > rest_.size()) return fail(), Bytes{};
    const Bytes piece = rest_.first(static_cast<std::size_t>(size));
    rest_ = rest_.subspan(piece.size());
    return piece;
  }
  std::string text() { return std::string(as_text(block())); }
  WallTime wall() {
    return WallTime(Millis(number<std::int64_t>(std::numeric_limits<std::int64_t>::max() / 4)));
  }
  std::string filter() {
    std::string found = text();
    if (!bad_ && !mqtt::is_valid_filter(found)) fail();
    return found;
  }
  mqtt::Qos qos(unsigned bits) {
    if ((bits & qos_bits) == 3) return fail(), mqtt::Qos{};
    return static_cast<mqtt::Qos>(bits & qos_bits);
  }
  ClockRecord clock() {
    ClockRecord found{.offset = Millis(unzigzag(number()))};
    found.time = wall();
    return found;
  }
  MonoTime mono() { return now_.mono + (wall() - now_.wall); }
  MessageRef message(unsigned flags) {
    const MonoTime expires = (flags & expires_flag) != 0 ? mono() : MonoTime::max();
    return message_of(as_text(block()), flags, expires);
  }
  // Without its topic, which stands elsewhere.
  MessageRef message(unsigned flags, std::string_view topic) {
    const MonoTime expires = (flags & expires_flag) != 0 ? mono() : MonoTime::max();
    return message_of(topic, flags, expires);
  }

 private:
  MessageRef message_of(std::string_view topic, unsigned flags, MonoTime expires) {
    const mqtt::Qos level = qos(flags);
    const Bytes properties = block();
    if (bad_ || !mqtt::is_valid_topic(topic) ||
        mqtt::check_properties(properties, mqtt::PacketType::publish) != mqtt::Reason::success)
      return fail(), MessageRef{};
    const Bytes payload = std::exchange(rest_, Bytes{});
    return MessageRef::make(topic, mqtt::PropertyView(properties), payload, level,
                            (flags & retain_flag) != 0, expires);
  }
  void fail() {
    bad_ = true;
    rest_ = {};
  }
  Bytes rest_;
  Now now_;
  bool bad_ = false;
};

inline Will read_will(Reader& in) {
  Will will;
  will.delay_s = in.number<std::uint32_t>();
  const bool expires = (in.number(1) & will_expiry_flag) != 0;
  const auto expiry_s = in.number<std::uint32_t>();
  if (expires) will.expiry_s = expiry_s;
  const auto message_flags = in.number<std::uint32_t>(15);
  will.message = in.message(message_flags);
  return will;
}

}  // namespace mqz::broker
