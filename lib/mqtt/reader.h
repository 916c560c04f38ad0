// A cursor over the body of one packet, for the decoders. The first failure sticks: later reads
// give empty values, so a decoder reads field after field and asks once, at the end, whether all
// was well.
#pragma once

#include <cstdint>
#include <string_view>

#include "lib/base/bytes.h"
#include "lib/mqtt/property.h"
#include "lib/mqtt/types.h"
#include "lib/mqtt/varint.h"

namespace mqz::mqtt {

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
