// DISCONNECT, AUTH and the two pings (3.12 to 3.15).
#include "lib/mqtt/decode.h"
#include "lib/mqtt/reader.h"

namespace mqz::mqtt {

namespace {

Reason read_reason(Reader& in, PacketType type) {
  const Reason reason = static_cast<Reason>(in.u8());
  in.require(is_allowed_reason(type, reason), Reason::protocol_error);
  return reason;
}

}  // namespace

Reason check_ping(const Frame& frame) {
  return frame.body.empty() ? Reason::success : Reason::malformed_packet;
}

Decoded<Disconnect> decode_disconnect(const Frame& frame, Version version) {
  Disconnect packet;
  if (frame.body.empty()) return packet;
  if (version != Version::v5) return tl::unexpected(Reason::malformed_packet);
  Reader in(frame.body);
  packet.reason = read_reason(in, PacketType::disconnect);
  if (!in.at_end()) packet.properties = in.properties(PacketType::disconnect);
  in.expect_end();
  if (!in.ok()) return tl::unexpected(in.reason());
  return packet;
}

Decoded<Auth> decode_auth(const Frame& frame, Version version) {
  if (version != Version::v5) return tl::unexpected(Reason::malformed_packet);
  Auth packet;
  if (frame.body.empty()) return packet;
  Reader in(frame.body);
  packet.reason = read_reason(in, PacketType::auth);
  packet.properties = in.properties(PacketType::auth);
  in.expect_end();
  if (!in.ok()) return tl::unexpected(in.reason());
  if (!packet.properties.has(PropertyId::authentication_method)) {
    return tl::unexpected(Reason::protocol_error);  // 3.15.2.2.2
  }
  return packet;
}

}  // namespace mqz::mqtt
