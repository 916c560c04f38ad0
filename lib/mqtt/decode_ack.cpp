// PUBACK, PUBREC, PUBREL and PUBCOMP (3.4 to 3.7).
#include "lib/mqtt/decode.h"
#include "lib/mqtt/reader.h"

namespace mqz::mqtt {

namespace {

// What version 5 may add to the packet identifier. Below four bytes the Property Length is 0.
Decoded<Ack> decode_long_ack(const Frame& frame, Ack packet) {
  Reader in(frame.body.subspan(2));
  packet.reason = static_cast<Reason>(in.u8());
  in.require(is_allowed_reason(frame.type, packet.reason), Reason::protocol_error);
  if (!in.at_end()) packet.properties = in.properties(frame.type);
  in.expect_end();
  if (!in.ok()) return tl::unexpected(in.reason());
  return packet;
}

}  // namespace

Decoded<Ack> decode_ack(const Frame& frame, Version version) {
  // In 3.1 a PUBREL may be marked as sent again.
  const bool is_marked = (frame.flags & 0x08U) != 0;
  if (frame.body.size() < 2 || (is_marked && version != Version::v31)) {
    return tl::unexpected(Reason::malformed_packet);
  }
  const Ack packet{frame.type, load_u16(frame.body.data()), Reason::success, {}};
  if (packet.packet_id == 0) return tl::unexpected(Reason::protocol_error);
  if (frame.body.size() == 2) return packet;
  if (version != Version::v5) return tl::unexpected(Reason::malformed_packet);
  return decode_long_ack(frame, packet);
}

}  // namespace mqz::mqtt
