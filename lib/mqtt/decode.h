// From bytes to packets. A stream is cut into frames first (next_frame), then each frame is decoded
// by the function of its type. Nothing is copied; every rule that one packet can break alone is
// checked here, rules between packets are the session's.
//
// Failures are the reason to answer with: malformed_packet for bytes that cannot be parsed,
// protocol_error for what parses and is not allowed, or a more exact one where 5.0 names it.
#pragma once

#include <tl/expected.hpp>

#include "lib/base/bytes.h"
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
  Frame frame{};             // valid when complete
  std::size_t bytes_needed{};  // when incomplete: of the whole packet if its length is known, else 0
};

// Cuts the first packet off `input`. Malformed: packet type 0, wrong reserved flags (2.1.3), a
// Remaining Length that is not minimal or longer than four bytes. too_large is said as soon
// as the header shows a packet of more than `bytes_max`.
FrameResult next_frame(Bytes input, std::size_t bytes_max = packet_bytes_max);

// CONNECT says its own version. unsupported_protocol_version for a level this code does not know;
// client_identifier_not_valid where 3.1 or 3.1.1 forbid an empty one.
Decoded<Connect> decode_connect(const Frame& frame);
Decoded<Connack> decode_connack(const Frame& frame, Version version);
// topic_alias_invalid for alias 0. The topic is a valid topic name, or empty with an alias.
Decoded<Publish> decode_publish(const Frame& frame, Version version);
Decoded<Ack> decode_ack(const Frame& frame, Version version);
// Every entry's filter is valid text; whether it is a valid filter is told per entry by
// check_filter (topic.h), because the answer is a reason in the SUBACK.
Decoded<Subscribe> decode_subscribe(const Frame& frame, Version version);
Decoded<SubscribeAck> decode_subscribe_ack(const Frame& frame, Version version);
Decoded<Unsubscribe> decode_unsubscribe(const Frame& frame, Version version);
// PINGREQ and PINGRESP have no body; success or malformed_packet.
Reason check_ping(const Frame& frame);
// The sender decides which reasons are allowed: DISCONNECT from a client or a server (3.14.2.1).
Decoded<Disconnect> decode_disconnect(const Frame& frame, Version version);
Decoded<Auth> decode_auth(const Frame& frame, Version version);

// May a client (or else a server) send this packet type in this version? (3: "Direction of flow")
bool may_send_client(PacketType type, Version version);
bool may_send_server(PacketType type, Version version);

}  // namespace mqz::mqtt
