// From bytes to packets. A stream is cut into frames first (next_frame), then each frame is decoded
// by the function of its type. Nothing is copied; every rule that one packet can break alone is
// checked here, rules between packets are the session's.
//
// Failures are the reason to answer with: malformed_packet for bytes that cannot be parsed,
// protocol_error for what parses and is not allowed, or a more exact one where 5.0 names it.
#pragma once

#include <optional>
#include <tl/expected.hpp>

#include "lib/base/bytes.h"
#include "lib/mqtt/direction.h"
#include "lib/mqtt/packets.h"

namespace mqz::mqtt {

template <typename T>
using Decoded = tl::expected<T, Reason>;

// One packet cut from a stream: its type, the low half of its first byte, and what follows the
// Remaining Length.
struct Frame {
  PacketType type{};
  std::uint8_t flags{};
  Bytes body{};
  std::size_t bytes{};  // of the whole packet, fixed header included
};

enum class FrameStatus : std::uint8_t { complete, incomplete, malformed, too_large };

struct FrameResult {
  FrameStatus status = FrameStatus::incomplete;
  Frame frame{};  // valid when complete
  std::size_t
      bytes_needed{};  // when incomplete: of the whole packet if its length is known, else 0
};

// Cuts the first packet off `input`. Malformed: packet type 0, wrong reserved flags (2.1.3), a
// Remaining Length that is not minimal or longer than four bytes. too_large is said as soon
// as the header shows a packet of more than `bytes_max`. The DUP flag that 3.1 has on PUBREL,
// SUBSCRIBE and UNSUBSCRIBE passes here; their decoders refuse it in later versions.
FrameResult next_frame(Bytes input, std::size_t bytes_max = packet_bytes_max);

// The version that a CONNECT names, as soon as its body reaches that far, for the form of the
// answer when the rest is refused. Nothing for a protocol name or level that this code does not
// know.
std::optional<Version> connect_version(const Frame& frame);

// CONNECT says its own version. unsupported_protocol_version for a level this code does not know;
// client_identifier_not_valid where 3.1 or 3.1.1 forbid an empty one.
Decoded<Connect> decode_connect(const Frame& frame);
Decoded<Connack> decode_connack(const Frame& frame, Version version);
// topic_alias_invalid for alias 0. The topic is a valid topic name, or empty with an alias.
Decoded<Publish> decode_publish(const Frame& frame, Version version);
Decoded<Ack> decode_ack(const Frame& frame, Version version);
// Every entry's filter is valid text; whether it is a valid filter is told per entry by
// is_valid_filter (topic.h), because the answer is a reason in the SUBACK.
Decoded<Subscribe> decode_subscribe(const Frame& frame, Version version);
Decoded<SubscribeAck> decode_subscribe_ack(const Frame& frame, Version version);
Decoded<Unsubscribe> decode_unsubscribe(const Frame& frame, Version version);
// PINGREQ and PINGRESP have no body; success or malformed_packet.
Reason check_ping(const Frame& frame);
// Any reason of the packet's own table passes; the sender decides the rest (direction.h).
Decoded<Disconnect> decode_disconnect(const Frame& frame, Version version);
Decoded<Auth> decode_auth(const Frame& frame, Version version);

// Which low halves of the first byte next_frame lets pass: bit set per packet type (2.1.3).
inline constexpr std::uint16_t allowed_flags[16] = {0,      1, 1,      0xFFFF, 1, 1, 0x0404, 1,
                                                    0x0404, 1, 0x0404, 1,      1, 1, 1,      1};

// next_frame for what is not a whole packet with a Remaining Length of one byte.
FrameResult next_long_frame(Bytes input, std::size_t bytes_max);

inline FrameResult next_frame(Bytes input, std::size_t bytes_max) {
  if (input.size() < 2) return next_long_frame(input, bytes_max);
  const auto first = std::to_integer<unsigned>(input[0]);
  const auto remaining = std::to_integer<std::size_t>(input[1]);
  const std::size_t bytes = remaining + 2;
  const bool has_flags = (allowed_flags[first >> 4U] >> (first & 0x0FU) & 1U) != 0;
  if (!has_flags || remaining > 127 || bytes > input.size() || bytes > bytes_max) {
    return next_long_frame(input, bytes_max);
  }
  return {FrameStatus::complete,
          {static_cast<PacketType>(first >> 4U), static_cast<std::uint8_t>(first & 0x0FU),
           input.subspan(2, remaining), bytes},
          0};
}

}  // namespace mqz::mqtt
