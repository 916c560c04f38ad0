#include <catch2/catch.hpp>
#include <string>

#include "lib/mqtt/encode.h"
#include "tests/unit/mqtt/bytes.h"
#include "tests/unit/mqtt/describe.h"

namespace mqz::mqtt {

namespace {

using testing::counted;
using testing::hex;
using testing::wire;

Decoded<Publish> decode(unsigned flags, std::string_view body, Version version) {
  return decode_publish(testing::frame_of(0x30U | flags, body), version);
}

Reason refusal(unsigned flags, const std::string& body, Version version) {
  return testing::reason_of(decode(flags, body, version));
}

template <typename Packet>
std::string encoded(const Packet& packet, Version version) {
  std::string bytes;
  append(bytes, packet, version);
  return hex(bytes);
}

}  // namespace

TEST_CASE("all sixteen PUBLISH flags are allowed or malformed", "[mqtt][publish]") {
  for (const Version version : testing::versions) {
    for (unsigned flags = 0; flags < 16; ++flags) {
      const unsigned qos = flags >> 1U & 3U;
      const bool dup = (flags & 8U) != 0;
      const std::string id = qos == 0 ? "" : wire("01 02");
      const std::string body = counted("t") + id + (version == Version::v5 ? wire("00") : "") + "p";
      INFO("flags " << flags);
      const Decoded<Publish> packet = decode(flags, body, version);
      if (qos == 3 || (dup && qos == 0)) {
        CHECK(testing::reason_of(packet) == Reason::malformed_packet);
        continue;
      }
      REQUIRE(packet);
      CHECK(packet->dup == dup);
      CHECK(static_cast<unsigned>(packet->qos) == qos);
      CHECK(packet->retain == ((flags & 1U) != 0));
      CHECK(packet->packet_id == (qos == 0 ? 0 : 0x0102));
      CHECK(packet->topic == "t");
      CHECK(as_text(packet->payload) == "p");
    }
  }
}

TEST_CASE("a PUBLISH that wants a packet identifier has one above 0", "[mqtt][publish]") {
  for (const unsigned flags : {2U, 4U}) {
    CHECK(refusal(flags, counted("t") + wire("00 00"), Version::v311) == Reason::protocol_error);
    CHECK(refusal(flags, counted("t") + wire("00 00 00"), Version::v5) == Reason::protocol_error);
    CHECK(refusal(flags, counted("t") + wire("00"), Version::v311) == Reason::malformed_packet);
    CHECK(refusal(flags, counted("t"), Version::v311) == Reason::malformed_packet);
  }
}

TEST_CASE("a topic name has no wildcard and is valid text", "[mqtt][publish]") {
  for (const Version version : testing::versions) {
    const std::string end = version == Version::v5 ? wire("00") : "";
    for (const char* wild : {"+", "a/#", "a+b", "long/enough/for/words/#", "\xC3\xA9/+"}) {
      CHECK(refusal(0, counted(wild) + end, version) == Reason::topic_name_invalid);
    }
    for (const char* bad : {"\xC3", "a/\xED\xBF\xBF", "long/enough/for/words/\xFF", "\xFF/+"}) {
      CHECK(refusal(0, counted(bad) + end, version) == Reason::malformed_packet);
    }
    CHECK(refusal(0, wire("00 03 61 00 62") + end, version) == Reason::malformed_packet);
    CHECK(refusal(0, counted("\xC3\xA9") + end, version) == Reason::success);
    CHECK(refusal(0, counted("$SYS/x") + end, version) == Reason::success);
  }
}

TEST_CASE("a topic may be empty only beside an alias", "[mqtt][publish]") {
  CHECK(refusal(0, counted(""), Version::v311) == Reason::protocol_error);
  CHECK(refusal(0, counted("") + wire("00"), Version::v5) == Reason::protocol_error);
  CHECK(refusal(0, counted("") + wire("02 01 00"), Version::v5) == Reason::protocol_error);
  CHECK(refusal(0, counted("") + wire("03 23 00 01"), Version::v5) == Reason::success);
  CHECK(refusal(0, counted("") + wire("03 23 00 00"), Version::v5) == Reason::topic_alias_invalid);
  CHECK(refusal(0, counted("t") + wire("03 23 00 00"), Version::v5) == Reason::topic_alias_invalid);
}

TEST_CASE("a Property Length is minimal and within the packet", "[mqtt][publish]") {
  for (const char* wrong :
       {"", "80", "80 00", "01", "03 23 00", "ff ff ff ff 01", "80 80 80 80 01"}) {
    INFO(wrong);
    CHECK(refusal(0, counted("t") + wire(wrong), Version::v5) == Reason::malformed_packet);
  }
}

TEST_CASE("a payload is not looked into, whatever its format says", "[mqtt][publish]") {
  const std::string body = counted("t") + wire("02 01 01 ff fe 00");
  const Decoded<Publish> packet = decode(0, body, Version::v5);
  REQUIRE(packet);
  CHECK(hex(packet->payload) == "ff fe 00");
  CHECK(packet->properties.number(PropertyId::payload_format_indicator) == 1U);
}

TEST_CASE("views of a PUBLISH point into the frame", "[mqtt][publish]") {
  const std::string body = counted("topic") + wire("03 23 00 01") + "payload";
  const Decoded<Publish> packet = decode(0, body, Version::v5);
  REQUIRE(packet);
  CHECK(packet->topic.data() == body.data() + 2);
  CHECK(as_text(packet->payload).data() == body.data() + 11);
  CHECK(as_text(packet->properties.bytes()).data() == body.data() + 8);
}

TEST_CASE("a PUBLISH is encoded byte for byte", "[mqtt][publish]") {
  Publish packet;
  packet.topic = "a/b";
  packet.payload = as_bytes("xy");
  CHECK(encoded(packet, Version::v311) == "30 07 00 03 61 2f 62 78 79");
  CHECK(encoded(packet, Version::v5) == "30 08 00 03 61 2f 62 00 78 79");
  packet.qos = Qos::exactly_once;
  packet.dup = true;
  packet.retain = true;
  packet.packet_id = 0x0A0B;
  PropertyWriter writer;
  writer.number(PropertyId::topic_alias, 9);
  packet.properties = writer.view();
  CHECK(encoded(packet, Version::v5) == "3d 0d 00 03 61 2f 62 0a 0b 03 23 00 09 78 79");
  CHECK(encoded(packet, Version::v31) == "3d 09 00 03 61 2f 62 0a 0b 78 79");
}

TEST_CASE("an acknowledgement takes its shortest form", "[mqtt][ack]") {
  struct Row {
    PacketType type;
    const char* first;
  };
  for (const Row row : {Row{PacketType::puback, "40"}, Row{PacketType::pubrec, "50"},
                        Row{PacketType::pubrel, "62"}, Row{PacketType::pubcomp, "70"}}) {
    const std::string first = row.first;
    for (const Version version : testing::versions) {
      CHECK(encoded(Ack{row.type, 0x0102, Reason::success, {}}, version) == first + " 02 01 02");
    }
    CHECK(encoded(Ack{row.type, 1, Reason::packet_identifier_not_found, {}}, Version::v5) ==
          first + " 03 00 01 92");
    CHECK(encoded(Ack{row.type, 1, Reason::packet_identifier_not_found, {}}, Version::v311) ==
          first + " 02 00 01");
    PropertyWriter writer;
    writer.text(PropertyId::reason_string, "r");
    CHECK(encoded(Ack{row.type, 1, Reason::success, writer.view()}, Version::v5) ==
          first + " 08 00 01 00 04 1f 00 01 72");
  }
}

TEST_CASE("an acknowledgement is two bytes before 5 and two, three or more since", "[mqtt][ack]") {
  const auto refused = [](unsigned first, std::string_view body, Version version) {
    return testing::reason_of(decode_ack(testing::frame_of(first, body), version));
  };
  for (const unsigned first : {0x40U, 0x50U, 0x62U, 0x70U}) {
    for (const Version version : testing::versions) {
      CHECK(refused(first, wire("00 01"), version) == Reason::success);
      CHECK(refused(first, wire("00 00"), version) == Reason::protocol_error);
      CHECK(refused(first, wire("00"), version) == Reason::malformed_packet);
      CHECK(refused(first, "", version) == Reason::malformed_packet);
    }
    CHECK(refused(first, wire("00 01 00"), Version::v311) == Reason::malformed_packet);
    CHECK(refused(first, wire("00 01 00"), Version::v31) == Reason::malformed_packet);
    CHECK(refused(first, wire("00 01 00"), Version::v5) == Reason::success);
    CHECK(refused(first, wire("00 01 00 00"), Version::v5) == Reason::success);
    CHECK(refused(first, wire("00 01 00 01"), Version::v5) == Reason::malformed_packet);
    CHECK(refused(first, wire("00 01 00 00 00"), Version::v5) == Reason::malformed_packet);
    CHECK(refused(first, wire("00 01 00 03 23 00 01"), Version::v5) == Reason::protocol_error);
  }
}

TEST_CASE("only 3.1 may mark a PUBREL, SUBSCRIBE or UNSUBSCRIBE as sent again", "[mqtt][ack]") {
  for (const std::string& whole :
       {wire("6a 02 00 01"), wire("8a 06 00 01 00 01 61 00"), wire("aa 05 00 01 00 01 61")}) {
    const FrameResult cut = next_frame(as_bytes(whole));
    REQUIRE(cut.status == FrameStatus::complete);
    CHECK(testing::see(cut.frame, Version::v31));
    CHECK(testing::reason_of(testing::see(cut.frame, Version::v311)) == Reason::malformed_packet);
    CHECK(testing::reason_of(testing::see(cut.frame, Version::v5)) == Reason::malformed_packet);
  }
}

}  // namespace mqz::mqtt
