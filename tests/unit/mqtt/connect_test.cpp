#include <catch2/catch.hpp>
#include <string>

#include "lib/mqtt/encode.h"
#include "tests/unit/mqtt/bytes.h"
#include "tests/unit/mqtt/describe.h"

namespace mqz::mqtt {

namespace {

using testing::bytes_of;
using testing::counted;
using testing::hex;
using testing::wire;

// The body up to the client id of a CONNECT that is valid but for its flags.
std::string head(std::string_view name, unsigned level, unsigned flags) {
  return counted(name) + bytes_of({level, flags, 0, 60});
}

Reason refusal(const std::string& body) {
  return testing::reason_of(decode_connect(testing::frame_of(0x10, body)));
}

// A whole CONNECT with these flags and all fields that they announce.
std::string connect_with(Version version, unsigned flags) {
  const bool is_v5 = version == Version::v5;
  std::string body =
      head(version == Version::v31 ? "MQIsdp" : "MQTT", static_cast<unsigned>(version), flags);
  if (is_v5) body += wire("00");
  body += counted("id");
  if ((flags & 0x04U) != 0) body += (is_v5 ? wire("00") : "") + counted("will") + counted("bye");
  if ((flags & 0x80U) != 0) body += counted("user");
  if ((flags & 0x40U) != 0) body += counted("secret");
  return body;
}

std::string encoded(const Connect& packet) {
  std::string bytes;
  append(bytes, packet);
  return hex(bytes);
}

std::string encoded(const Connack& packet, Version version) {
  std::string bytes;
  append(bytes, packet, version);
  return hex(bytes);
}

}  // namespace

TEST_CASE("all 256 connect flags are allowed or malformed as each version says",
          "[mqtt][connect]") {
  for (const Version version : testing::versions) {
    for (unsigned flags = 0; flags < 256; ++flags) {
      const bool will = (flags & 0x04U) != 0;
      const bool reserved = (flags & 0x01U) != 0;
      const bool will_bits = (flags & 0x38U) != 0;
      const bool third_qos = (flags & 0x18U) == 0x18;
      const bool lone_password = (flags & 0xC0U) == 0x40;
      const bool allowed = !reserved && !third_qos && (will || !will_bits) &&
                           (version == Version::v5 || !lone_password);
      INFO("flags " << flags << " version " << static_cast<int>(version));
      REQUIRE(refusal(connect_with(version, flags)) ==
              (allowed ? Reason::success : Reason::malformed_packet));
    }
  }
}

TEST_CASE("a CONNECT is decoded field by field", "[mqtt][connect]") {
  const std::string body = head("MQTT", 5, 0xEE) + wire("05 11 00 00 00 0a") + counted("me") +
                           wire("05 18 00 00 00 03") + counted("a/b") + counted("bye") +
                           counted("user") + counted("\xFF");
  const Decoded<Connect> packet = decode_connect(testing::frame_of(0x10, body));
  REQUIRE(packet);
  CHECK(packet->version == Version::v5);
  CHECK(packet->clean_start);
  CHECK(packet->keep_alive_s == 60);
  CHECK(packet->client_id == "me");
  CHECK(packet->properties.number(PropertyId::session_expiry_interval) == 10U);
  REQUIRE(packet->will);
  CHECK(packet->will->topic == "a/b");
  CHECK(as_text(packet->will->payload) == "bye");
  CHECK(packet->will->qos == Qos::at_least_once);
  CHECK(packet->will->retain);
  CHECK(packet->will->properties.number(PropertyId::will_delay_interval) == 3U);
  CHECK(packet->user_name == "user");
  CHECK(hex(*packet->password) == "ff");
  CHECK_FALSE(packet->bridge);
}

TEST_CASE("every protocol name and level but the known pairs is an unsupported version",
          "[mqtt][connect]") {
  for (const std::string_view name : {"MQTT", "MQIsdp", "mqtt", "MQTTX", ""}) {
    for (unsigned level = 0; level < 256; ++level) {
      const bool is_known = (name == "MQTT" && (level == 4 || level == 5 || level == 0x84)) ||
                            (name == "MQIsdp" && (level == 3 || level == 0x83));
      if (is_known) continue;
      const std::string body = head(name, level, 2) + wire("00") + counted("id");
      INFO(name << " " << level);
      REQUIRE(refusal(body) == Reason::unsupported_protocol_version);
      REQUIRE_FALSE(connect_version(testing::frame_of(0x10, body)));
    }
  }
  CHECK(refusal(head("MQ\xFFT", 4, 2) + counted("id")) == Reason::malformed_packet);
}

TEST_CASE("the version of a CONNECT is known although the rest is refused", "[mqtt][connect]") {
  const std::string body = head("MQTT", 5, 0xFF);
  CHECK(refusal(body) == Reason::malformed_packet);
  CHECK(connect_version(testing::frame_of(0x10, body)) == Version::v5);
  CHECK(connect_version(testing::frame_of(0x10, head("MQIsdp", 3, 0))) == Version::v31);
  CHECK_FALSE(connect_version(testing::frame_of(0x10, wire("00 04 4d 51 54 54"))));
}

TEST_CASE("a bridge shows itself in the top bit of the 3.x levels", "[mqtt][connect]") {
  for (const bool is_v31 : {false, true}) {
    const std::string body =
        head(is_v31 ? "MQIsdp" : "MQTT", is_v31 ? 0x83 : 0x84, 2) + counted("b");
    const Decoded<Connect> packet = decode_connect(testing::frame_of(0x10, body));
    REQUIRE(packet);
    CHECK(packet->bridge);
    CHECK(packet->version == (is_v31 ? Version::v31 : Version::v311));
    std::string bytes;
    append(bytes, *packet);
    CHECK(bytes.substr(2) == body);
  }
}

TEST_CASE("an empty client id is refused where the version forbids it", "[mqtt][connect]") {
  const std::string nameless = counted("");
  CHECK(refusal(head("MQIsdp", 3, 0) + nameless) == Reason::client_identifier_not_valid);
  CHECK(refusal(head("MQIsdp", 3, 2) + nameless) == Reason::client_identifier_not_valid);
  CHECK(refusal(head("MQTT", 4, 0) + nameless) == Reason::client_identifier_not_valid);
  CHECK(refusal(head("MQTT", 4, 2) + nameless) == Reason::success);
  CHECK(refusal(head("MQTT", 5, 0) + wire("00") + nameless) == Reason::success);
  CHECK(refusal(head("MQTT", 5, 2) + wire("00") + nameless) == Reason::success);
}

TEST_CASE("client ids longer than 3.1 promises are accepted", "[mqtt][connect]") {
  CHECK(refusal(head("MQIsdp", 3, 2) + counted(std::string(200, 'c'))) == Reason::success);
}

TEST_CASE("texts of a CONNECT are valid UTF-8", "[mqtt][connect]") {
  const std::string bad = counted("\xED\xA0\x80");
  const std::string id = counted("id");
  CHECK(refusal(head("MQTT", 4, 2) + bad) == Reason::malformed_packet);
  CHECK(refusal(head("MQTT", 4, 6) + id + bad + counted("")) == Reason::malformed_packet);
  CHECK(refusal(head("MQTT", 4, 0x82) + id + bad) == Reason::malformed_packet);
  CHECK(refusal(head("MQTT", 4, 0xC2) + id + counted("user") + bad) == Reason::success);
  CHECK(refusal(head("MQTT", 4, 2) + wire("00 01 00")) == Reason::malformed_packet);
}

TEST_CASE("a will goes to a topic name", "[mqtt][connect]") {
  for (const char* wrong : {"", "a/#", "+"}) {
    CHECK(refusal(head("MQTT", 4, 6) + counted("id") + counted(wrong) + counted("bye")) ==
          Reason::topic_name_invalid);
  }
}

TEST_CASE("authentication data needs a method", "[mqtt][connect]") {
  const std::string data = wire("16 00 01 ff");
  const std::string method = wire("15 00 01 6d");
  const std::string id = counted("id");
  CHECK(refusal(head("MQTT", 5, 2) + wire("04") + data + id) == Reason::protocol_error);
  CHECK(refusal(head("MQTT", 5, 2) + wire("08") + data + method + id) == Reason::success);
  CHECK(refusal(head("MQTT", 5, 2) + wire("04") + method + id) == Reason::success);
}

TEST_CASE("properties of a CONNECT and of its will do not mix", "[mqtt][connect]") {
  const std::string delay = wire("05 18 00 00 00 01");
  const std::string expiry = wire("05 11 00 00 00 01");
  const std::string id = counted("id");
  const std::string will = counted("w") + counted("bye");
  CHECK(refusal(head("MQTT", 5, 6) + expiry + id + delay + will) == Reason::success);
  CHECK(refusal(head("MQTT", 5, 6) + delay + id + delay + will) == Reason::protocol_error);
  CHECK(refusal(head("MQTT", 5, 6) + expiry + id + expiry + will) == Reason::protocol_error);
}

TEST_CASE("in 3.1 a login that was announced may be missing", "[mqtt][connect]") {
  const std::string body = head("MQIsdp", 3, 0xC2) + counted("id");
  const Decoded<Connect> packet = decode_connect(testing::frame_of(0x10, body));
  REQUIRE(packet);
  CHECK_FALSE(packet->user_name);
  CHECK_FALSE(packet->password);
  CHECK(refusal(body + wire("00")) == Reason::malformed_packet);
  CHECK(refusal(head("MQTT", 4, 0xC2) + counted("id")) == Reason::malformed_packet);
}

TEST_CASE("a CONNECT is encoded byte for byte", "[mqtt][connect]") {
  Connect packet;
  packet.client_id = "a";
  CHECK(encoded(packet) == "10 0e 00 04 4d 51 54 54 05 00 00 00 00 00 01 61");
  packet.version = Version::v311;
  packet.clean_start = true;
  packet.keep_alive_s = 0x0102;
  CHECK(encoded(packet) == "10 0d 00 04 4d 51 54 54 04 02 01 02 00 01 61");
  packet.version = Version::v31;
  packet.will = Will{"w", as_bytes("x"), Qos::exactly_once, true, {}};
  packet.user_name = "u";
  packet.password = as_bytes("p");
  CHECK(encoded(packet) ==
        "10 1b 00 06 4d 51 49 73 64 70 03 f6 01 02 00 01 61 00 01 77 00 01 78 00 01 75 00 01 70");
}

TEST_CASE("a CONNACK is encoded byte for byte", "[mqtt][connect]") {
  CHECK(encoded(Connack{true, Reason::success, {}}, Version::v5) == "20 03 01 00 00");
  CHECK(encoded(Connack{false, Reason::banned, {}}, Version::v5) == "20 03 00 8a 00");
  CHECK(encoded(Connack{true, Reason::success, {}}, Version::v311) == "20 02 01 00");
  CHECK(encoded(Connack{true, Reason::success, {}}, Version::v31) == "20 02 00 00");
  CHECK(encoded(Connack{false, Reason::not_authorized, {}}, Version::v311) == "20 02 00 05");
  CHECK(encoded(Connack{true, Reason::not_authorized, {}}, Version::v5) == "20 03 00 87 00");
  CHECK(encoded(Connack{false, Reason::unsupported_protocol_version, {}}, Version::v31) ==
        "20 02 00 01");
}

TEST_CASE("a CONNACK has one flag and a known return code", "[mqtt][connect]") {
  const auto refused = [](std::string_view body, Version version) {
    return testing::reason_of(decode_connack(testing::frame_of(0x20, body), version));
  };
  for (unsigned flags = 0; flags < 256; ++flags) {
    const Reason expected = flags < 2 ? Reason::success : Reason::malformed_packet;
    REQUIRE(refused(bytes_of({flags, 0}), Version::v311) == expected);
    REQUIRE(refused(bytes_of({flags, 0, 0}), Version::v5) == expected);
  }
  for (unsigned code = 0; code < 256; ++code) {
    const std::string body = bytes_of({0, code});
    REQUIRE(refused(body, Version::v311) == (code < 6 ? Reason::success : Reason::protocol_error));
    const auto packet = decode_connack(testing::frame_of(0x20, body), Version::v31);
    if (packet) REQUIRE(static_cast<unsigned>(connect_return(packet->reason)) == code);
  }
  CHECK(refused(wire("01 05"), Version::v311) == Reason::protocol_error);
  CHECK(refused(wire("01 87 00"), Version::v5) == Reason::protocol_error);
  CHECK_FALSE(
      decode_connack(testing::frame_of(0x20, wire("01 00")), Version::v31)->session_present);
}

}  // namespace mqz::mqtt
