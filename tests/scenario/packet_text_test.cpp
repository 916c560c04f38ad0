#include "tests/scenario/packet_text.h"

#include <catch2/catch.hpp>

using namespace mqz;
using namespace mqz::scenario;
using mqtt::Version;

namespace {

PacketText text_of(const std::string& packet) {
  const auto scenarios = parse_transcript("# x\na< " + packet + "\n");
  REQUIRE(scenarios);
  return scenarios->front().steps.front().packet;
}

PacketText described(std::string_view bytes, Version version) {
  const mqtt::FrameResult cut = mqtt::next_frame(as_bytes(bytes));
  REQUIRE(cut.status == mqtt::FrameStatus::complete);
  const auto packet = describe_packet(cut.frame, version);
  REQUIRE(packet);
  return *packet;
}

std::string bytes_of(const std::string& packet, Version version) {
  const auto bytes = encode_packet(text_of(packet), version, "sender");
  INFO((bytes ? "" : bytes.error().text));
  REQUIRE(bytes);
  return *bytes;
}

bool matches(const std::string& expected, const std::string& actual, Bindings& bindings) {
  return !mismatch(text_of(expected), text_of(actual), bindings);
}

bool matches(const std::string& expected, const std::string& actual) {
  Bindings bindings;
  return matches(expected, actual, bindings);
}

}  // namespace

TEST_CASE("a packet that both sides may send reads as it was written", "[scenario]") {
  const std::string publish =
      "PUBLISH topic=a/b qos=1 id=7 retain prop.content-type=text prop.user-property=k:v payload=x";
  CHECK(to_text(described(bytes_of(publish, Version::v5), Version::v5)) ==
        publish + " payload-size=1 length=23 size=25");
  CHECK(to_text(described(bytes_of("PUBREL id=9 rc=packet-identifier-not-found", Version::v5),
                          Version::v5)) ==
        "PUBREL id=9 rc=packet-identifier-not-found length=3 size=5");
  CHECK(to_text(described(bytes_of("PUBCOMP id=9", Version::v311), Version::v311)) ==
        "PUBCOMP id=9 length=2 size=4");
}

TEST_CASE("what only a broker sends is described", "[scenario]") {
  using namespace std::string_literals;
  CHECK(to_text(described("\x20\x02\x01\x00"s, Version::v311)) ==
        "CONNACK present rc=success return=0 length=2 size=4");
  CHECK(to_text(described("\x20\x03\x00\x85\x00"s, Version::v5)) ==
        "CONNACK rc=client-identifier-not-valid length=3 size=5");
  CHECK(to_text(described("\x90\x05\x00\x01\x00\x00\x8f"s, Version::v5)) ==
        "SUBACK id=1 rc=granted-qos-0,topic-filter-invalid length=5 size=7");
  CHECK(to_text(described("\xb0\x02\x00\x01"s, Version::v311)) == "UNSUBACK id=1 length=2 size=4");
}

TEST_CASE("what a broker may not send is an error", "[scenario]") {
  using namespace std::string_literals;
  for (const std::string& bytes : {"\xc0\x00"s, "\x82\x06\x00\x01\x00\x01t\x00"s, "\xe0\x00"s}) {
    const mqtt::FrameResult cut = mqtt::next_frame(as_bytes(bytes));
    REQUIRE(cut.status == mqtt::FrameStatus::complete);
    CHECK_FALSE(describe_packet(cut.frame, Version::v311));
  }
}

TEST_CASE("a CONNECT gets the connection's name, its version and what durable means there",
          "[scenario]") {
  const std::string five = bytes_of("CONNECT durable", Version::v5);
  const mqtt::FrameResult cut = mqtt::next_frame(as_bytes(five));
  const auto connect = mqtt::decode_connect(cut.frame);
  REQUIRE(connect);
  CHECK(connect->client_id == "sender");
  CHECK_FALSE(connect->clean_start);
  CHECK(connect->properties.number(mqtt::PropertyId::session_expiry_interval) == 3600U);
  const std::string four =
      bytes_of("CONNECT durable id=x will=w:bye:2:retain user=u password=p", Version::v311);
  const auto older = mqtt::decode_connect(mqtt::next_frame(as_bytes(four)).frame);
  REQUIRE(older);
  CHECK(older->version == Version::v311);
  REQUIRE(older->will);
  CHECK(older->will->topic == "w");
  CHECK(as_text(older->will->payload) == "bye");
  CHECK(older->will->qos == mqtt::Qos::exactly_once);
  CHECK(older->will->retain);
}

TEST_CASE("a field that a packet does not have is an error", "[scenario]") {
  for (const char* packet :
       {"PUBLISH topic=t colour=red", "PUBLISH topic=t id=70000", "SUBSCRIBE id=1 rc=success",
        "PUBACK id=1 rc=nonsense", "PUBLISH topic=t prop.nonsense=1", "HELLO"}) {
    INFO(packet);
    CHECK_FALSE(encode_packet(text_of(packet), Version::v5, "a"));
  }
}

TEST_CASE("only named fields are compared", "[scenario]") {
  const std::string actual =
      "PUBLISH topic=t qos=1 id=5 retain payload=x payload-size=1 length=9 size=11";
  CHECK(matches("PUBLISH", actual));
  CHECK(matches("PUBLISH payload=x retain -dup qos=1", actual));
  CHECK(matches("PUBLISH id=1..5 size=0..11", actual));
  CHECK(matches("PUBLISH id=? prop.topic-alias?=1..2", actual));
  CHECK(matches("PUBLISH topic=t qos=1 retain payload=x exact", actual));
  CHECK_FALSE(matches("PUBLISH payload=y", actual));
  CHECK_FALSE(matches("PUBLISH -retain", actual));
  CHECK_FALSE(matches("PUBLISH dup", actual));
  CHECK_FALSE(matches("PUBLISH id=6..9", actual));
  CHECK_FALSE(matches("PUBLISH prop.topic-alias=?", actual));
  CHECK_FALSE(matches("PUBLISH topic=t exact", actual));
  CHECK_FALSE(matches("PUBACK", actual));
}

TEST_CASE("repeated properties are compared as a list, identifiers as a set", "[scenario]") {
  const std::string actual =
      "PUBLISH prop.user-property=a:1 prop.user-property=b:2 prop.subscription-identifier=3 "
      "prop.subscription-identifier=4";
  CHECK(matches("PUBLISH prop.user-property=a:1 prop.user-property=b:2", actual));
  CHECK_FALSE(matches("PUBLISH prop.user-property=b:2 prop.user-property=a:1", actual));
  CHECK_FALSE(matches("PUBLISH prop.user-property=a:1", actual));
  CHECK(matches("PUBLISH prop.subscription-identifier=4 prop.subscription-identifier=3", actual));
  CHECK_FALSE(matches("PUBLISH prop.subscription-identifier=4", actual));
}

TEST_CASE("a name keeps the value of its first match", "[scenario]") {
  Bindings bindings;
  CHECK_FALSE(matches("PUBLISH id=$m payload=y", "PUBLISH id=5 payload=x", bindings));
  CHECK(bindings.empty());
  CHECK(matches("PUBLISH id=$m payload=x", "PUBLISH id=5 payload=x", bindings));
  CHECK(matches("PUBLISH id=$m", "PUBLISH id=5", bindings));
  CHECK_FALSE(matches("PUBLISH id=$m", "PUBLISH id=6", bindings));
  CHECK(matches("PUBLISH id=!$m", "PUBLISH id=6", bindings));
  CHECK_FALSE(matches("PUBLISH id=!$m", "PUBLISH id=5", bindings));
  const auto sent = substitute(text_of("PUBACK id=$m"), bindings);
  REQUIRE(sent);
  CHECK(to_text(*sent) == "PUBACK id=5");
  CHECK_FALSE(substitute(text_of("PUBACK id=$n"), bindings));
  CHECK(substitute(text_of("SUBSCRIBE filter=$share/g/t"), bindings));
}

TEST_CASE("a reason may be one of several", "[scenario]") {
  CHECK(matches("DISCONNECT rc=protocol-error|malformed-packet", "DISCONNECT rc=malformed-packet"));
  CHECK(matches("DISCONNECT rc=0x81", "DISCONNECT rc=malformed-packet"));
  CHECK_FALSE(
      matches("DISCONNECT rc=protocol-error|not-authorized", "DISCONNECT rc=malformed-packet"));
}
