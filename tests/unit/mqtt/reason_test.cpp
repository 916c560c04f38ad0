#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>

#include "tests/unit/mqtt/bytes.h"
#include "tests/unit/mqtt/describe.h"

namespace mqz::mqtt {

namespace {

// The codes of each packet, as the sections on the packets list them (3.2.2.2, 3.4.2.1, …).
// DISCONNECT has 0x8C from Table 2-6 besides.
const std::map<PacketType, std::set<unsigned>>& allowed_reasons() {
  static const std::set<unsigned> received = {0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99};
  static const std::map<PacketType, std::set<unsigned>> table = {
      {PacketType::connack, {0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
                             0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F}},
      {PacketType::puback, received},
      {PacketType::pubrec, received},
      {PacketType::pubrel, {0x00, 0x92}},
      {PacketType::pubcomp, {0x00, 0x92}},
      {PacketType::suback,
       {0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2}},
      {PacketType::unsuback, {0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91}},
      {PacketType::disconnect,
       {0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, 0x93,
        0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2}},
      {PacketType::auth, {0x00, 0x18, 0x19}},
  };
  return table;
}

bool is_allowed(PacketType type, unsigned code) {
  const auto row = allowed_reasons().find(type);
  return row != allowed_reasons().end() && row->second.count(code) == 1;
}

// The body of a packet with this code and everything else valid.
std::string body_with(PacketType type, unsigned code) {
  const std::string byte = testing::bytes_of({code});
  switch (type) {
    case PacketType::connack: return testing::wire("00") + byte + testing::wire("00");
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp: return testing::wire("00 01") + byte;
    case PacketType::suback:
    case PacketType::unsuback: return testing::wire("00 01 00") + byte;
    case PacketType::disconnect: return byte;
    case PacketType::auth: return byte + testing::wire("04 15 00 01 6d");
    case PacketType::connect:
    case PacketType::publish:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
    case PacketType::pingreq:
    case PacketType::pingresp: break;
  }
  return {};
}

}  // namespace

TEST_CASE("every packet type carries its reason codes and no others", "[mqtt][reason]") {
  for (unsigned type = 1; type < 16; ++type) {
    for (unsigned code = 0; code < 256; ++code) {
      INFO("type " << type << " code " << code);
      const auto packet = static_cast<PacketType>(type);
      REQUIRE(is_allowed_reason(packet, static_cast<Reason>(code)) == is_allowed(packet, code));
    }
  }
}

TEST_CASE("a reason code that is not the packet's is a protocol error", "[mqtt][reason]") {
  for (const auto& [type, allowed] : allowed_reasons()) {
    for (unsigned code = 0; code < 256; ++code) {
      INFO(packet_name(type) << " code " << code);
      const std::string body = body_with(type, code);
      const Frame frame = testing::frame_of(static_cast<unsigned>(type) << 4U, body);
      REQUIRE(testing::reason_of(testing::see(frame, Version::v5)) ==
              (allowed.count(code) == 1 ? Reason::success : Reason::protocol_error));
    }
  }
}

TEST_CASE("every reason has a text of its own", "[mqtt][reason]") {
  std::set<std::string_view> texts;
  std::set<unsigned> codes;
  for (const auto& [type, allowed] : allowed_reasons())
    codes.insert(allowed.begin(), allowed.end());
  for (const unsigned code : codes) texts.insert(reason_text(static_cast<Reason>(code)));
  CHECK(codes.size() == 43);
  CHECK(texts.size() == codes.size());
  CHECK(reason_text(Reason::session_taken_over) == "session taken over");
  CHECK(reason_text(static_cast<Reason>(0x7F)) == "unknown reason");
}

TEST_CASE("a failure has the top bit", "[mqtt][reason]") {
  CHECK_FALSE(is_failure(Reason::success));
  CHECK_FALSE(is_failure(Reason::reauthenticate));
  CHECK(is_failure(Reason::unspecified_error));
  CHECK(is_failure(Reason::wildcard_subscriptions_not_supported));
}

TEST_CASE("3.x says of a refusal what it can", "[mqtt][reason]") {
  CHECK(connect_return(Reason::success) == ConnectReturn::accepted);
  CHECK(connect_return(Reason::unsupported_protocol_version) ==
        ConnectReturn::unacceptable_protocol_version);
  CHECK(connect_return(Reason::client_identifier_not_valid) == ConnectReturn::identifier_rejected);
  CHECK(connect_return(Reason::bad_user_name_or_password) ==
        ConnectReturn::bad_user_name_or_password);
  CHECK(connect_return(Reason::not_authorized) == ConnectReturn::not_authorized);
  CHECK(connect_return(Reason::banned) == ConnectReturn::not_authorized);
  CHECK(connect_return(Reason::server_busy) == ConnectReturn::server_unavailable);
  CHECK(connect_return(Reason::quota_exceeded) == ConnectReturn::server_unavailable);
}

TEST_CASE("packet types have their names", "[mqtt][reason]") {
  CHECK(packet_name(PacketType::publish) == "PUBLISH");
  CHECK(packet_name(PacketType::unsuback) == "UNSUBACK");
  CHECK(packet_name(PacketType::auth) == "AUTH");
  CHECK(packet_name(static_cast<PacketType>(0)) == "reserved");
}

}  // namespace mqz::mqtt
