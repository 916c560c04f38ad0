#include "lib/mqtt/property.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/mqtt/bytes.h"
#include "tests/unit/mqtt/samples.h"

namespace mqz::mqtt {

namespace {

using testing::property_bytes;
using testing::wire;

// The properties of each place, as the sections on the packets list them (3.1.2.11, 3.1.3.2, …).
const std::map<PacketType, std::set<unsigned>>& allowed_properties() {
  static const std::map<PacketType, std::set<unsigned>> table = {
      {will_properties, {1, 2, 3, 8, 9, 24, 38}},
      {PacketType::connect, {17, 21, 22, 23, 25, 33, 34, 38, 39}},
      {PacketType::connack, {17, 18, 19, 21, 22, 26, 28, 31, 33, 34, 36, 37, 38, 39, 40, 41, 42}},
      {PacketType::publish, {1, 2, 3, 8, 9, 11, 35, 38}},
      {PacketType::puback, {31, 38}},
      {PacketType::pubrec, {31, 38}},
      {PacketType::pubrel, {31, 38}},
      {PacketType::pubcomp, {31, 38}},
      {PacketType::subscribe, {11, 38}},
      {PacketType::suback, {31, 38}},
      {PacketType::unsubscribe, {38}},
      {PacketType::unsuback, {31, 38}},
      {PacketType::pingreq, {}},
      {PacketType::pingresp, {}},
      {PacketType::disconnect, {17, 28, 31, 38}},
      {PacketType::auth, {21, 22, 31, 38}},
  };
  return table;
}

std::vector<unsigned> all_ids() {
  std::set<unsigned> ids;
  for (const auto& [place, allowed] : allowed_properties())
    ids.insert(allowed.begin(), allowed.end());
  return {ids.begin(), ids.end()};
}

Reason check(std::string_view block, PacketType where) {
  return check_properties(as_bytes(block), where);
}

}  // namespace

TEST_CASE("the table has the 27 identifiers of the specification and no other",
          "[mqtt][property]") {
  const std::vector<unsigned> ids = all_ids();
  CHECK(ids.size() == 27);
  for (unsigned id = 0; id < 300; ++id) {
    const PropertyRow* const row = find_property(id);
    REQUIRE((row != nullptr) == (std::count(ids.begin(), ids.end(), id) == 1));
    if (row == nullptr) continue;
    CHECK(static_cast<unsigned>(row->id) == id);
    CHECK(find_property(row->name) == row);
  }
  CHECK(find_property("user-property")->id == PropertyId::user_property);
  CHECK(find_property("no-such-property") == nullptr);
  CHECK(find_property(0xFFFF'FFFF) == nullptr);
}

TEST_CASE("each property is allowed in its packets and a protocol error in all others",
          "[mqtt][property]") {
  for (const auto& [place, allowed] : allowed_properties()) {
    for (const unsigned id : all_ids()) {
      for (const bool high : {false, true}) {
        INFO("property " << id << " in " << packet_name(place));
        CHECK(check(property_bytes(id, high), place) ==
              (allowed.count(id) == 1 ? Reason::success : Reason::protocol_error));
      }
    }
  }
}

TEST_CASE("a property that stands twice is a protocol error unless it may repeat",
          "[mqtt][property]") {
  for (const auto& [place, allowed] : allowed_properties()) {
    for (const unsigned id : allowed) {
      INFO("property " << id << " in " << packet_name(place));
      const bool repeats = id == 38 || (id == 11 && place == PacketType::publish);
      const std::string user = property_bytes(38, false);
      CHECK(check(property_bytes(id, false) + user + property_bytes(id, true), place) ==
            (repeats ? Reason::success : Reason::protocol_error));
    }
  }
}

TEST_CASE("an identifier that does not exist is malformed", "[mqtt][property]") {
  const std::vector<unsigned> ids = all_ids();
  for (unsigned id = 0; id < 128; ++id) {
    if (std::count(ids.begin(), ids.end(), id) == 1) continue;
    CHECK(check(testing::bytes_of({id, 0, 0, 0, 0}), PacketType::publish) ==
          Reason::malformed_packet);
  }
  // Two bytes: 128, and the long form of 1.
  CHECK(check(wire("80 01 00"), PacketType::publish) == Reason::malformed_packet);
  CHECK(check(wire("81 00 00"), PacketType::publish) == Reason::malformed_packet);
}

TEST_CASE("a property that ends too early is malformed at every byte", "[mqtt][property]") {
  for (const auto& [place, allowed] : allowed_properties()) {
    for (const unsigned id : allowed) {
      const std::string whole = property_bytes(id, true);
      for (std::size_t size = 1; size < whole.size(); ++size) {
        INFO("property " << id << " cut at " << size);
        REQUIRE(check(whole.substr(0, size), place) == Reason::malformed_packet);
      }
    }
  }
}

TEST_CASE("yes-or-no properties have no third value", "[mqtt][property]") {
  struct Row {
    unsigned id;
    PacketType place;
  };
  for (const Row row :
       {Row{1, PacketType::publish}, Row{1, will_properties}, Row{23, PacketType::connect},
        Row{25, PacketType::connect}, Row{36, PacketType::connack}, Row{37, PacketType::connack},
        Row{40, PacketType::connack}, Row{41, PacketType::connack}, Row{42, PacketType::connack}}) {
    for (unsigned value = 0; value < 256; ++value) {
      REQUIRE(check(testing::bytes_of({row.id, value}), row.place) ==
              (value < 2 ? Reason::success : Reason::protocol_error));
    }
  }
}

TEST_CASE("where zero means nothing it is refused", "[mqtt][property]") {
  CHECK(check(wire("21 00 00"), PacketType::connect) == Reason::protocol_error);
  CHECK(check(wire("21 ff ff"), PacketType::connect) == Reason::success);
  CHECK(check(wire("27 00 00 00 00"), PacketType::connect) == Reason::protocol_error);
  CHECK(check(wire("27 00 00 00 00"), PacketType::connack) == Reason::protocol_error);
  CHECK(check(wire("0b 00"), PacketType::subscribe) == Reason::protocol_error);
  CHECK(check(wire("0b 00"), PacketType::publish) == Reason::protocol_error);
  CHECK(check(wire("23 00 00"), PacketType::publish) == Reason::topic_alias_invalid);
  CHECK(check(wire("22 00 00"), PacketType::connect) == Reason::success);
  CHECK(check(wire("11 00 00 00 00"), PacketType::connect) == Reason::success);
  CHECK(check(wire("13 00 00"), PacketType::connack) == Reason::success);
}

TEST_CASE("a Subscription Identifier is a minimal integer of at most four bytes",
          "[mqtt][property]") {
  CHECK(check(wire("0b ff ff ff 7f"), PacketType::subscribe) == Reason::success);
  for (const char* wrong :
       {"0b 80 00", "0b 81 00", "0b 80 80 80 80 01", "0b ff ff ff ff", "0b 80"}) {
    INFO(wrong);
    CHECK(check(wire(wrong), PacketType::subscribe) == Reason::malformed_packet);
  }
}

TEST_CASE("texts in properties are valid UTF-8 and binary data is anything", "[mqtt][property]") {
  struct Row {
    unsigned id;
    PacketType place;
  };
  const std::vector<Row> texts = {{3, PacketType::publish},  {8, PacketType::publish},
                                  {18, PacketType::connack}, {21, PacketType::connect},
                                  {26, PacketType::connack}, {28, PacketType::disconnect},
                                  {31, PacketType::puback}};
  for (const char* bad : {"\x80", "a\xED\xA0\x80", "\xC0\x80", "\xF4\x90\x80\x80", "\xC3"}) {
    for (const Row row : texts) {
      const std::string block = testing::bytes_of({row.id}) + testing::counted(bad);
      CHECK(check(block, row.place) == Reason::malformed_packet);
    }
    const std::string user = testing::bytes_of({38});
    const std::string good = testing::counted("x");
    CHECK(check(user + testing::counted(bad) + good, PacketType::publish) ==
          Reason::malformed_packet);
    CHECK(check(user + good + testing::counted(bad), PacketType::publish) ==
          Reason::malformed_packet);
    const std::string correlation = testing::bytes_of({9}) + testing::counted(bad);
    CHECK(check(correlation, PacketType::publish) == Reason::success);
  }
  CHECK(check(wire("1f 00 01 00"), PacketType::puback) == Reason::malformed_packet);
}

TEST_CASE("a Response Topic is a topic name", "[mqtt][property]") {
  for (const char* wrong : {"", "a/+", "#", "\xC3\xA9/#"}) {
    const std::string block = testing::bytes_of({8}) + testing::counted(wrong);
    CHECK(check(block, PacketType::publish) == Reason::protocol_error);
    CHECK(check(block, will_properties) == Reason::protocol_error);
  }
}

TEST_CASE("a block is read in its order and by identifier", "[mqtt][property]") {
  PropertyWriter writer;
  CHECK(writer.empty());
  writer.number(PropertyId::message_expiry_interval, 0x01020304);
  writer.pair("first", "1");
  writer.text(PropertyId::content_type, "text/plain");
  writer.pair("second", "");
  writer.number(PropertyId::topic_alias, 7);
  writer.number(PropertyId::subscription_identifier, 268'435'455);
  writer.number(PropertyId::payload_format_indicator, 1);
  const PropertyView view = writer.view();
  REQUIRE(check_properties(view.bytes(), PacketType::publish) == Reason::success);
  CHECK(testing::hex(view.bytes()) ==
        "02 01 02 03 04 26 00 05 66 69 72 73 74 00 01 31 03 00 0a 74 65 78 74 2f 70 6c 61 69 6e "
        "26 00 06 73 65 63 6f 6e 64 00 00 23 00 07 0b ff ff ff 7f 01 01");

  std::string seen;
  std::string copied;
  for (auto at = view.begin(); at != view.end(); ++at) {
    seen += std::to_string(static_cast<unsigned>(at->id)) + ' ';
    copied += as_text(at.encoded());
  }
  CHECK(seen == "2 38 3 38 35 11 1 ");
  CHECK(copied == as_text(view.bytes()));
  CHECK(view.number(PropertyId::message_expiry_interval) == 0x01020304U);
  CHECK(view.number(PropertyId::subscription_identifier) == 268'435'455U);
  CHECK(view.text(PropertyId::content_type) == "text/plain");
  CHECK(view.text(PropertyId::user_property) == "first");
  CHECK(view.has(PropertyId::topic_alias));
  CHECK_FALSE(view.has(PropertyId::response_topic));
  CHECK_FALSE(view.number(PropertyId::server_keep_alive));
  CHECK_FALSE(view.text(PropertyId::response_topic));
  CHECK(PropertyView().begin() == PropertyView().end());
}

TEST_CASE("a property can be copied from one block to another", "[mqtt][property]") {
  PropertyWriter from;
  from.number(PropertyId::topic_alias, 7);
  from.pair("key", "value");
  PropertyWriter to;
  for (auto at = from.view().begin(); at != from.view().end(); ++at) {
    if (at->id != PropertyId::topic_alias) to.encoded(at.encoded());
  }
  CHECK(testing::hex(to.view().bytes()) == "26 00 03 6b 65 79 00 05 76 61 6c 75 65");
  to.clear();
  CHECK(to.empty());
}

}  // namespace mqz::mqtt
