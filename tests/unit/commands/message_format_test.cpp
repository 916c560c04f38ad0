#include "commands/message_format.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <string>

using namespace mqz;
using namespace mqz::commands;

namespace {

mqtt::PropertyWriter all_properties() {
  mqtt::PropertyWriter properties;
  properties.number(mqtt::PropertyId::payload_format_indicator, 1);
  properties.number(mqtt::PropertyId::message_expiry_interval, 5);
  properties.text(mqtt::PropertyId::content_type, "text");
  properties.text(mqtt::PropertyId::response_topic, "r/t");
  properties.text(mqtt::PropertyId::correlation_data, "cd");
  properties.number(mqtt::PropertyId::subscription_identifier, 7);
  properties.pair("k", "v");
  properties.pair("k", "w");
  return properties;
}

std::string shown(std::string_view text, std::string_view payload = "hello",
                  mqtt::PropertyView properties = {}) {
  const auto format = MessageFormat::parse(text);
  REQUIRE(format);
  const mqtt::Publish message{.qos = mqtt::Qos::at_least_once,
                              .retain = true,
                              .topic = "a/b",
                              .packet_id = 12,
                              .properties = properties,
                              .payload = as_bytes(payload)};
  std::string to;
  CHECK(format->append(to, {message, {1'700'000'000, 123'456'789}}));
  return to;
}

}  // namespace

// What mosquitto_sub 2.0.11 prints for the same message was compared with the command's tests.
TEST_CASE("every letter of the format language shows its part of the message", "[format]") {
  CHECK(shown("%t %q %r %l %m %p %%") == "a/b 1 1 5 12 hello %");
  CHECK(shown("%x %X %b", "\x0a\xff") == "0aff 0AFF Cv8=");
  const auto properties = all_properties();
  CHECK(shown("%C|%D|%E|%F|%P|%R|%S|%A|", "", properties.view()) == "text|cd|5|1|k:v k:w|r/t|7||");
  CHECK(shown("%C|%D|%E|%F|%P|%R|%S|%A|") == "||||||||");
  CHECK(shown("%U @N @s @@") == "1700000000.123456789 123456789 1700000000 @");
}

TEST_CASE("floats of 4 and 8 bytes are shown, other sizes are nothing", "[format]") {
  const double eight = 2.5;
  const float four = -0.5F;
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &eight, 8);
  CHECK(shown("%d|%.1d|%8.2d|%f|", bytes) == "2.500000|2.5|    2.50||");
  bytes.resize(4);
  std::memcpy(bytes.data(), &four, 4);
  CHECK(shown("%f|%d|", bytes) == "-0.500000||");
}

TEST_CASE("width pads, - pads on the right, 0 by zeros; precision cuts texts", "[format]") {
  CHECK(shown("[%10t|%-10t|%.2t|%-6.2t]") == "[       a/b|a/b       |a/|a/    ]");
  CHECK(shown("[%5l|%05l|%-5l]") == "[    5|00005|5    ]");
  CHECK(shown("[%10p|%-10p|%010p|%3p]") == "[     hello|hello     |00000hello|hel]");
  CHECK(shown("[%5C|%10E|%05E]") == "[     |          |00000]");
  CHECK(shown("[%4x|%-12X]") == "[6865|68656C6C6F  ]");
}

TEST_CASE("escapes stand for their signs", "[format]") {
  CHECK(shown(R"(\\\a\e\n\r\t\v)") == "\\\a\033\n\r\t\v");
  CHECK(shown(R"(\0)") == std::string(1, '\0'));
}

TEST_CASE("what is not of the language is refused before anything is connected", "[format]") {
  for (const char* bad :
       {"%", "%5", "%-", "%.", "%z", "%--t", "@", "\\", "\\q", "%99999999t", "%.99999999t"}) {
    INFO(bad);
    CHECK_FALSE(MessageFormat::parse(bad));
  }
  CHECK(MessageFormat::parse("%z").error() == "%z is not a format specifier");
}

TEST_CASE("only formats that show a time ask for one", "[format]") {
  CHECK(MessageFormat::parse("%I")->uses_time());
  CHECK(MessageFormat::parse("%j")->uses_time());
  CHECK(MessageFormat::parse("@Y")->uses_time());
  CHECK_FALSE(MessageFormat::parse("%t %p @@")->uses_time());
}

TEST_CASE("a payload that is not JSON is not shown as JSON", "[format]") {
  const auto format = MessageFormat::parse("x%J");
  REQUIRE(format);
  mqtt::Publish message;
  message.payload = as_bytes("{oops");
  std::string to = "before";
  CHECK_FALSE(format->append(to, {message, {}}));
  CHECK(to == "before");
}
