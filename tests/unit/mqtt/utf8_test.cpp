#include <catch2/catch.hpp>
#include <string>

#include "lib/mqtt/topic.h"
#include "tests/unit/mqtt/bytes.h"

namespace mqz::mqtt {

namespace {

// Another way to the same answer: read the bits that the lead byte promises, write the code point
// in its only allowed form, and compare.
std::string shortest_form(std::uint32_t point) {
  const auto tail = [&](unsigned shift) {
    return static_cast<char>(0x80U | ((point >> shift) & 0x3FU));
  };
  if (point < 0x80) return {static_cast<char>(point)};
  if (point < 0x800) return {static_cast<char>(0xC0U | (point >> 6U)), tail(0)};
  if (point < 0x10000) return {static_cast<char>(0xE0U | (point >> 12U)), tail(6), tail(0)};
  return {static_cast<char>(0xF0U | (point >> 18U)), tail(12), tail(6), tail(0)};
}

bool is_one_character(const std::string& bytes) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (size != bytes.size()) return false;
  std::uint32_t point = size == 1 ? lead : lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    point = (point << 6U) | (static_cast<unsigned char>(bytes[i]) & 0x3FU);
  }
  const bool is_scalar = point != 0 && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
  return is_scalar && shortest_form(point) == bytes;
}

}  // namespace

TEST_CASE("every Unicode character except U+0000 and the surrogates is valid text",
          "[mqtt][utf8]") {
  std::size_t wrong = 0;
  for (std::uint32_t point = 0; point <= 0x11FFFF; ++point) {
    const bool allowed = point != 0 && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
    if (is_valid_utf8(shortest_form(point)) != allowed) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("every lead and second byte with every kind of following byte is judged as Unicode says",
          "[mqtt][utf8]") {
  std::size_t wrong = 0;
  const auto judge = [&](const std::string& bytes) {
    if (is_valid_utf8(bytes) != is_one_character(bytes)) ++wrong;
  };
  for (unsigned lead = 0x80; lead <= 0xFF; ++lead) {
    judge(testing::bytes_of({lead}));
    for (unsigned second = 0; second <= 0xFF; ++second) {
      judge(testing::bytes_of({lead, second}));
      for (const unsigned third : {0x7FU, 0x80U, 0xBFU, 0xC0U}) {
        if (lead < 0xE0) continue;  // two valid characters in a row are text, too
        judge(testing::bytes_of({lead, second, third}));
        if (lead < 0xF0) continue;
        for (const unsigned fourth : {0x7FU, 0x80U, 0xBFU, 0xC0U}) {
          judge(testing::bytes_of({lead, second, third, fourth}));
        }
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a wrong byte is found at every place of a text of every short length", "[mqtt][utf8]") {
  for (std::size_t size = 1; size <= 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (const char wrong : {'\x00', '\x80', '\xC0', '\xFF'}) {
        std::string text(size, 'a');
        REQUIRE(is_valid_utf8(text));
        text[at] = wrong;
        REQUIRE_FALSE(is_valid_utf8(text));
        REQUIRE_FALSE(is_valid_topic(text));
        REQUIRE_FALSE(is_valid_filter(text));
      }
    }
  }
}

TEST_CASE("characters of several bytes are accepted at every place", "[mqtt][utf8]") {
  for (const std::string character :
       {"\xC2\x80", "\xE0\xA0\x80", "\xEF\xBB\xBF", "\xF4\x8F\xBF\xBF"}) {
    for (std::size_t before = 0; before <= 17; ++before) {
      const std::string text = std::string(before, 'x') + character + std::string(17 - before, 'y');
      REQUIRE(is_valid_utf8(text));
      REQUIRE(is_valid_topic(text));
      REQUIRE_FALSE(is_valid_utf8(text.substr(0, before + 1)));
    }
  }
}

TEST_CASE("control characters, non-characters and the byte order mark are text", "[mqtt][utf8]") {
  CHECK(is_valid_utf8("\x01\x1F\x7F"));
  CHECK(is_valid_utf8("\xEF\xBF\xBF"));
  CHECK(is_valid_utf8("\xEF\xBB\xBF"));
  CHECK(is_valid_utf8(""));
}

}  // namespace mqz::mqtt
