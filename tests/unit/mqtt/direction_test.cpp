#include "lib/mqtt/direction.h"

#include <catch2/catch.hpp>
#include <set>

namespace mqz::mqtt {

TEST_CASE("each side sends its own packet types", "[mqtt][direction]") {
  const std::set<unsigned> client = {1, 3, 4, 5, 6, 7, 8, 10, 12, 14};
  const std::set<unsigned> server = {2, 3, 4, 5, 6, 7, 9, 11, 13};
  for (unsigned type = 0; type < 16; ++type) {
    INFO("type " << type);
    const auto packet = static_cast<PacketType>(type);
    for (const Version version : {Version::v31, Version::v311}) {
      CHECK(may_send_client(packet, version) == (client.count(type) == 1));
      CHECK(may_send_server(packet, version) == (server.count(type) == 1));
    }
    CHECK(may_send_client(packet, Version::v5) == (client.count(type) == 1 || type == 15));
    CHECK(may_send_server(packet, Version::v5) ==
          (server.count(type) == 1 || type == 14 || type == 15));
  }
}

TEST_CASE("a client does not send Subscription Identifiers", "[mqtt][direction]") {
  PropertyWriter writer;
  writer.number(PropertyId::message_expiry_interval, 1);
  Publish packet;
  packet.properties = writer.view();
  CHECK(check_from_client(packet) == Reason::success);
  writer.number(PropertyId::subscription_identifier, 1);
  packet.properties = writer.view();
  CHECK(check_from_client(packet) == Reason::protocol_error);
}

TEST_CASE("a DISCONNECT has only its sender's reasons and properties", "[mqtt][direction]") {
  const std::set<unsigned> client = {0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90,
                                     0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99};
  for (unsigned code = 0; code < 256; ++code) {
    const auto reason = static_cast<Reason>(code);
    if (!is_allowed_reason(PacketType::disconnect, reason)) continue;
    INFO("code " << code);
    CHECK((check_from_client(Disconnect{reason, {}}) == Reason::success) ==
          (client.count(code) == 1));
    CHECK((check_from_server(Disconnect{reason, {}}) == Reason::success) == (code != 0x04));
  }
  PropertyWriter expiry;
  expiry.number(PropertyId::session_expiry_interval, 1);
  CHECK(check_from_client(Disconnect{Reason::success, expiry.view()}) == Reason::success);
  CHECK(check_from_server(Disconnect{Reason::success, expiry.view()}) == Reason::protocol_error);
  PropertyWriter reference;
  reference.text(PropertyId::server_reference, "other");
  CHECK(check_from_client(Disconnect{Reason::success, reference.view()}) == Reason::protocol_error);
  CHECK(check_from_server(Disconnect{Reason::server_moved, reference.view()}) == Reason::success);
}

TEST_CASE("an AUTH has only its sender's reasons", "[mqtt][direction]") {
  CHECK(check_from_client(Auth{Reason::continue_authentication, {}}) == Reason::success);
  CHECK(check_from_client(Auth{Reason::reauthenticate, {}}) == Reason::success);
  CHECK(check_from_client(Auth{Reason::success, {}}) == Reason::protocol_error);
  CHECK(check_from_server(Auth{Reason::success, {}}) == Reason::success);
  CHECK(check_from_server(Auth{Reason::continue_authentication, {}}) == Reason::success);
  CHECK(check_from_server(Auth{Reason::reauthenticate, {}}) == Reason::protocol_error);
}

}  // namespace mqz::mqtt
