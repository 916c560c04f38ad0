// A cursor over the body of one packet, for the decoders. The first failure sticks: later reads
// give empty values, so a decoder reads field after field and asks once, at the end, whether all
// was well.
#pragma once

#include <cstdint>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/mqtt/property.h"
#include "lib/mqtt/types.h"

namespace mqz::mqtt {

// A Variable Byte Integer cut from [at, end): `next` is null if it is not there whole, is longer
// than four bytes or not in its shortest form (1.5.5).
struct Varint {
  std::uint32_t value{};
  const std::byte* next{};
};

inline Varint read_varint(const std::byte* at, const std::byte* end) {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift <= 21 && at != end; shift += 7) {
    const std::uint32_t byte = std::to_integer<std::uint32_t>(*at++);
    value |= (byte & 0x7FU) << shift;
    if (byte < 0x80) return byte == 0 && shift > 0 ? Varint{} : Varint{value, at};
  }
  return {};
}

class Reader {
 public:
  explicit Reader(Bytes body) : rest_(body) {}

  bool ok() const { return reason_ == Reason::success; }
  Reason reason() const { return reason_; }
  bool at_end() const { return rest_.empty(); }
  Bytes rest() const { return rest_; }

  void fail(Reason reason) {
    if (ok()) reason_ = reason;
    rest_ = {};
  }
  void require(bool condition, Reason reason) {
    if (!condition) fail(reason);
  }

  Bytes take(std::size_t size);
  Bytes take_rest() { return take(rest_.size()); }
  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint32_t varint();
  std::uint16_t packet_id();                  // protocol_error for 0
  Bytes binary();                             // 16 bits of length, then the bytes (1.5.6)
  std::string_view text();                    // the same, valid UTF-8 (1.5.4)
  PropertyView properties(PacketType where);  // Property Length and a checked block
  // Without a property block before version 5.
  PropertyView properties(PacketType where, Version version) {
    return version == Version::v5 ? properties(where) : PropertyView{};
  }
  void expect_end() { require(at_end(), Reason::malformed_packet); }

 private:
  Bytes rest_{};
  Reason reason_ = Reason::success;
};

}  // namespace mqz::mqtt
