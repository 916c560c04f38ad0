#include "commands/values.h"

#include <catch2/catch.hpp>

using namespace mqz::commands;
using mqz::Millis;

TEST_CASE("durations have units, and a bare number is seconds", "[commands]") {
  CHECK(parse_duration("500ms") == Millis(500));
  CHECK(parse_duration("5") == Millis(5000));
  CHECK(parse_duration("5s") == Millis(5000));
  CHECK(parse_duration("0.25") == Millis(250));
  CHECK(parse_duration("2m") == Millis(120000));
  CHECK(parse_duration("1.5h") == Millis(5400000));
  CHECK(parse_duration("1d") == Millis(86400000));
  CHECK(parse_duration("0") == Millis(0));
  for (const auto* wrong : {"", "s", "-1", "+1", "1 s", "1S", "1.2.3", "1e3", "0x10", "inf", "nan",
                            "5 ", "99999999999999d", "100001d"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_duration(wrong));
  }
}

TEST_CASE("sizes count by 1024, or by 1000 with kB", "[commands]") {
  CHECK(parse_size("0") == 0U);
  CHECK(parse_size("64") == 64U);
  CHECK(parse_size("64K") == 65536U);
  CHECK(parse_size("64KiB") == 65536U);
  CHECK(parse_size("10kB") == 10000U);
  CHECK(parse_size("1.5M") == 1572864U);
  CHECK(parse_size("1G") == 1073741824U);
  for (const auto* wrong : {"", "K", "-1", "1k", "1 K", "1X", "99999999T"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_size(wrong));
  }
}

TEST_CASE("whole numbers are all digits", "[commands]") {
  CHECK(parse_integer("-12") == -12);
  CHECK(parse_integer("9223372036854775807") == 9223372036854775807);
  for (const auto* wrong : {"", "1.0", "1 ", "0x1", "9223372036854775808", "one"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_integer(wrong));
  }
}

TEST_CASE("a number outside its range is refused with the range", "[commands]") {
  constexpr Option keepalive{.type = ValueType::duration, .max = 65'535};
  CHECK_FALSE(complaint(keepalive, "65535"));
  CHECK_FALSE(complaint(keepalive, "0"));
  CHECK(complaint(keepalive, "70000") == "'70000' is not a duration from 0 to 65535 seconds");
  CHECK(complaint(keepalive, "65535.1") == "'65535.1' is not a duration from 0 to 65535 seconds");
  CHECK(complaint(keepalive, "1h5")->find("500ms, 5s, 2m") != std::string::npos);
  constexpr Option patience{.type = ValueType::duration};
  CHECK_FALSE(complaint(patience, "1000d"));
  CHECK(complaint(patience, "1001d") == "'1001d' is not a duration from 0 to 86400000 seconds");
  constexpr Option letters{.type = ValueType::size, .max = 1024};
  CHECK_FALSE(complaint(letters, "1K"));
  CHECK(complaint(letters, "2K") == "'2K' is not a size from 0 to 1024 bytes");
}

TEST_CASE("what comes later is refused, whatever its value", "[commands]") {
  constexpr Option file{.type = ValueType::file, .doc = "TLS", .later = true};
  CHECK(complaint(file, "ca.pem") == "TLS comes with a later part of mqz");
}

TEST_CASE("the password of a URL is found and not shown", "[commands]") {
  constexpr Option url{.name = "url", .type = ValueType::url};
  CHECK(redacted(url, "mqtt://u:pw@host/t") == "mqtt://u:...@host/t");
  CHECK(redacted(url, "mqtt://u:p@w@host:1") == "mqtt://u:...@host:1");
  CHECK(redacted(url, "mqtt://u@host:1883/a@b:c") == "mqtt://u@host:1883/a@b:c");
  CHECK(redacted(url, "mqtt://host") == "mqtt://host");
  CHECK(redacted({.name = "password", .secret = true}, "pw") == "...");
}
