#include <catch2/catch.hpp>
#include <string>

#include "lib/mqtt/encode.h"
#include "tests/unit/mqtt/bytes.h"
#include "tests/unit/mqtt/describe.h"

namespace mqz::mqtt {

namespace {

using testing::hex;
using testing::wire;

Reason refusal(unsigned first, const std::string& body, Version version) {
  return testing::reason_of(testing::see(testing::frame_of(first, body), version));
}

template <typename Packet>
std::string encoded(const Packet& packet) {
  std::string bytes;
  append(bytes, packet, Version::v5);
  return hex(bytes);
}

}  // namespace

TEST_CASE("a DISCONNECT before 5 has no body", "[mqtt][disconnect]") {
  for (const Version version : {Version::v31, Version::v311}) {
    CHECK(refusal(0xE0, "", version) == Reason::success);
    CHECK(refusal(0xE0, wire("00"), version) == Reason::malformed_packet);
    std::string bytes;
    append(bytes, Disconnect{Reason::server_shutting_down, {}}, version);
    CHECK(hex(bytes) == "e0 00");
  }
}

TEST_CASE("a DISCONNECT leaves out what is not said", "[mqtt][disconnect]") {
  CHECK(encoded(Disconnect{}) == "e0 00");
  CHECK(encoded(Disconnect{Reason::server_shutting_down, {}}) == "e0 01 8b");
  PropertyWriter writer;
  writer.number(PropertyId::session_expiry_interval, 1);
  CHECK(encoded(Disconnect{Reason::success, writer.view()}) == "e0 07 00 05 11 00 00 00 01");
  CHECK(refusal(0xE0, wire("00 00"), Version::v5) == Reason::success);
  CHECK(refusal(0xE0, wire("00 01"), Version::v5) == Reason::malformed_packet);
  CHECK(refusal(0xE0, wire("00 00 00"), Version::v5) == Reason::malformed_packet);
}

TEST_CASE("an AUTH is of version 5 and names its method", "[mqtt][disconnect]") {
  const std::string method = wire("04 15 00 01 6d");
  CHECK(refusal(0xF0, wire("18") + method, Version::v5) == Reason::success);
  CHECK(refusal(0xF0, wire("18") + method, Version::v311) == Reason::malformed_packet);
  CHECK(refusal(0xF0, "", Version::v311) == Reason::malformed_packet);
  CHECK(refusal(0xF0, "", Version::v5) == Reason::success);
  CHECK(refusal(0xF0, wire("18"), Version::v5) == Reason::malformed_packet);
  CHECK(refusal(0xF0, wire("18 00"), Version::v5) == Reason::protocol_error);
  CHECK(refusal(0xF0, wire("18 04 16 00 01 6d"), Version::v5) == Reason::protocol_error);
  CHECK(encoded(Auth{}) == "f0 00");
  PropertyWriter writer;
  writer.text(PropertyId::authentication_method, "m");
  CHECK(encoded(Auth{Reason::success, writer.view()}) == "f0 06 00 04 15 00 01 6d");
}

TEST_CASE("a ping has no body", "[mqtt][disconnect]") {
  CHECK(check_ping(testing::frame_of(0xC0, "")) == Reason::success);
  CHECK(check_ping(testing::frame_of(0xD0, std::string(1, '\x00'))) == Reason::malformed_packet);
  CHECK(hex(Bytes(pingreq_bytes)) == "c0 00");
  CHECK(hex(Bytes(pingresp_bytes)) == "d0 00");
}

}  // namespace mqz::mqtt
