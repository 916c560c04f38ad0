// Bytes in tests: wire("10 00") is what a specification's table would show.
#pragma once

#include <catch2/catch.hpp>
#include <cstddef>
#include <initializer_list>
#include <iomanip>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/mqtt/decode.h"

namespace mqz::mqtt::testing {

inline constexpr Version versions[] = {Version::v31, Version::v311, Version::v5};

inline std::string bytes_of(std::initializer_list<unsigned> values) {
  std::string bytes;
  for (const unsigned value : values) bytes.push_back(static_cast<char>(value));
  return bytes;
}

inline std::string hex(std::string_view bytes) {
  std::ostringstream out;
  out << std::hex << std::setfill('0');
  for (const char byte : bytes) {
    out << std::setw(2) << static_cast<unsigned>(static_cast<unsigned char>(byte)) << ' ';
  }
  std::string text = out.str();
  if (!text.empty()) text.pop_back();
  return text;
}

inline std::string hex(Bytes bytes) { return hex(as_text(bytes)); }

// The bytes that hex digits spell; blanks separate them.
inline std::string wire(std::string_view digits) {
  std::istringstream in{std::string(digits)};
  in >> std::hex;
  std::string bytes;
  for (unsigned value = 0; in >> value;) bytes.push_back(static_cast<char>(value));
  return bytes;
}

// A length of two bytes, then the text.
inline std::string counted(std::string_view text) {
  std::string bytes = bytes_of(
      {static_cast<unsigned>(text.size() >> 8U), static_cast<unsigned>(text.size() & 0xFFU)});
  return bytes.append(text);
}

// The frame that a first byte and a body make; a view into `body`.
inline Frame frame_of(unsigned first, std::string_view body) {
  return {static_cast<PacketType>(first >> 4U), static_cast<std::uint8_t>(first & 0x0FU),
          as_bytes(body), body.size() + 2};
}

// Why something was refused; success if it was not.
template <typename T>
Reason reason_of(const Decoded<T>& decoded) {
  return decoded ? Reason::success : decoded.error();
}

}  // namespace mqz::mqtt::testing

namespace Catch {

template <>
struct StringMaker<mqz::mqtt::Reason> {
  static std::string convert(mqz::mqtt::Reason reason) {
    return std::string(mqz::mqtt::reason_text(reason));
  }
};

}  // namespace Catch
