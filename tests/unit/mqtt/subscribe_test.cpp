#include <catch2/catch.hpp>
#include <string>

#include "lib/mqtt/encode.h"
#include "lib/mqtt/topic.h"
#include "tests/unit/mqtt/bytes.h"
#include "tests/unit/mqtt/describe.h"

namespace mqz::mqtt {

namespace {

using testing::bytes_of;
using testing::counted;
using testing::hex;
using testing::wire;

// What stands before the entries.
std::string head(Version version) {
  return version == Version::v5 ? wire("00 07 00") : wire("00 07");
}

Reason refusal(unsigned first, const std::string& body, Version version) {
  return testing::reason_of(testing::see(testing::frame_of(first, body), version));
}

Reason expected_for(unsigned options, Version version) {
  const bool third_qos = (options & 3U) == 3;
  if (version != Version::v5) {
    return options > 2 ? Reason::malformed_packet : Reason::success;
  }
  if ((options & 0xC0U) != 0) return Reason::malformed_packet;
  return third_qos || (options & 0x30U) == 0x30 ? Reason::protocol_error : Reason::success;
}

}  // namespace

TEST_CASE("all 256 subscription options are allowed or refused as each version says",
          "[mqtt][subscribe]") {
  for (const Version version : testing::versions) {
    for (unsigned options = 0; options < 256; ++options) {
      const std::string body = head(version) + counted("a/#") + bytes_of({options});
      INFO("options " << options << " version " << static_cast<int>(version));
      REQUIRE(refusal(0x82, body, version) == expected_for(options, version));
      // The rule holds for every entry, not for the first alone.
      const std::string second =
          head(version) + counted("b") + bytes_of({1}) + body.substr(head(version).size());
      REQUIRE(refusal(0x82, second, version) == expected_for(options, version));
    }
  }
}

TEST_CASE("entries are read in their order", "[mqtt][subscribe]") {
  const std::string body =
      wire("00 07 02 0b 05") + counted("a/#") + wire("2d") + counted("b") + wire("02");
  const Decoded<Subscribe> packet = decode_subscribe(testing::frame_of(0x82, body), Version::v5);
  REQUIRE(packet);
  CHECK(packet->packet_id == 7);
  CHECK(packet->properties.number(PropertyId::subscription_identifier) == 5U);
  SubscribeEntries entries = packet->entries();
  const auto first = entries.next();
  REQUIRE(first);
  CHECK(first->filter == "a/#");
  CHECK(first->options == SubscribeOptions{Qos::at_least_once, true, true, 2});
  const auto second = entries.next();
  REQUIRE(second);
  CHECK(second->filter == "b");
  CHECK(second->options == SubscribeOptions{Qos::exactly_once, false, false, 0});
  CHECK_FALSE(entries.next());
  CHECK_FALSE(entries.next());
}

TEST_CASE("a subscription without entries is a protocol error", "[mqtt][subscribe]") {
  for (const Version version : testing::versions) {
    CHECK(refusal(0x82, head(version), version) == Reason::protocol_error);
    CHECK(refusal(0xA2, head(version), version) == Reason::protocol_error);
  }
}

TEST_CASE("requests and their answers have a packet identifier above 0", "[mqtt][subscribe]") {
  CHECK(refusal(0x82, wire("00 00") + counted("a") + wire("00"), Version::v311) ==
        Reason::protocol_error);
  CHECK(refusal(0xA2, wire("00 00") + counted("a"), Version::v311) == Reason::protocol_error);
  CHECK(refusal(0x90, wire("00 00 00"), Version::v311) == Reason::protocol_error);
  CHECK(refusal(0xB0, wire("00 00"), Version::v311) == Reason::protocol_error);
}

TEST_CASE("No Local on a shared subscription is a protocol error", "[mqtt][subscribe]") {
  const std::string shared = head(Version::v5) + counted("$share/g/a");
  CHECK(refusal(0x82, shared + wire("04"), Version::v5) == Reason::protocol_error);
  CHECK(refusal(0x82, shared + wire("01"), Version::v5) == Reason::success);
  CHECK(refusal(0x82, head(Version::v5) + counted("$shared/a") + wire("04"), Version::v5) ==
        Reason::success);
}

TEST_CASE("filters are valid text here and valid filters for the session to judge",
          "[mqtt][subscribe]") {
  for (const Version version : testing::versions) {
    const std::string bad = head(version) + counted("a/\xC0\x80");
    CHECK(refusal(0x82, bad + wire("00"), version) == Reason::malformed_packet);
    CHECK(refusal(0xA2, bad, version) == Reason::malformed_packet);
    const std::string wrong = head(version) + counted("a#/b");
    CHECK(refusal(0x82, wrong + wire("00"), version) == Reason::success);
    CHECK(refusal(0xA2, wrong, version) == Reason::success);
  }
}

TEST_CASE("a SUBACK has reasons of its version, at least one", "[mqtt][subscribe]") {
  for (unsigned code = 0; code < 256; ++code) {
    const bool allowed = code <= 2 || code == 0x80;
    REQUIRE(refusal(0x90, wire("00 01 00") + bytes_of({code}), Version::v311) ==
            (allowed ? Reason::success : Reason::protocol_error));
  }
  CHECK(refusal(0x90, wire("00 01"), Version::v311) == Reason::malformed_packet);
  CHECK(refusal(0x90, wire("00 01 00"), Version::v5) == Reason::malformed_packet);
  CHECK(refusal(0xB0, wire("00 01 00"), Version::v5) == Reason::malformed_packet);
  CHECK(refusal(0xB0, wire("00 01 00"), Version::v311) == Reason::malformed_packet);
}

TEST_CASE("subscriptions and their answers are encoded byte for byte", "[mqtt][subscribe]") {
  const auto encoded = [](const auto& packet, Version version) {
    std::string bytes;
    append(bytes, packet, version);
    return hex(bytes);
  };
  std::string entries;
  append_entry(entries, SubscribeEntry{"a", {Qos::at_least_once, true, true, 1}});
  const Subscribe subscribe{0x0102, {}, as_bytes(entries)};
  CHECK(encoded(subscribe, Version::v5) == "82 07 01 02 00 00 01 61 1d");
  CHECK(encoded(subscribe, Version::v311) == "82 06 01 02 00 01 61 1d");

  std::string filters;
  append_entry(filters, "b/#");
  CHECK(encoded(Unsubscribe{1, {}, as_bytes(filters)}, Version::v5) ==
        "a2 08 00 01 00 00 03 62 2f 23");
  CHECK(encoded(Unsubscribe{1, {}, as_bytes(filters)}, Version::v31) ==
        "a2 07 00 01 00 03 62 2f 23");

  const std::string reasons = wire("02 87");
  const SubscribeAck suback{PacketType::suback, 1, {}, as_bytes(reasons)};
  CHECK(encoded(suback, Version::v5) == "90 05 00 01 00 02 87");
  CHECK(encoded(suback, Version::v311) == "90 04 00 01 02 80");
  const SubscribeAck unsuback{PacketType::unsuback, 1, {}, as_bytes(reasons)};
  CHECK(encoded(unsuback, Version::v5) == "b0 05 00 01 00 02 87");
  CHECK(encoded(unsuback, Version::v311) == "b0 02 00 01");
}

}  // namespace mqz::mqtt
