#include "lib/mqtt/reader.h"

#include "lib/mqtt/topic.h"

namespace mqz::mqtt {

Bytes Reader::take(std::size_t size) {
  if (rest_.size() < size) {
    fail(Reason::malformed_packet);
    return {};
  }
  const Bytes taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

std::uint8_t Reader::u8() {
  const Bytes taken = take(1);
  return taken.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(taken[0]);
}

std::uint16_t Reader::u16() {
  const Bytes taken = take(2);
  return taken.empty() ? std::uint16_t{0} : load_u16(taken.data());
}

std::uint32_t Reader::u32() {
  const Bytes taken = take(4);
  return taken.empty() ? 0 : load_u32(taken.data());
}

std::uint32_t Reader::varint() {
  const Varint number = read_varint(rest_.data(), rest_.data() + rest_.size());
  if (number.next == nullptr) {
    fail(Reason::malformed_packet);
    return 0;
  }
  rest_ = rest_.subspan(static_cast<std::size_t>(number.next - rest_.data()));
  return number.value;
}

std::uint16_t Reader::packet_id() {
  const std::uint16_t id = u16();
  require(id != 0, Reason::protocol_error);
  return id;
}

Bytes Reader::binary() { return take(u16()); }

std::string_view Reader::text() {
  const std::string_view taken = as_text(binary());
  if (is_valid_utf8(taken)) return taken;
  fail(Reason::malformed_packet);
  return {};
}

PropertyView Reader::properties(PacketType where) {
  const Bytes block = take(varint());
  if (block.empty()) return {};
  const Reason reason = check_properties(block, where);
  require(reason == Reason::success, reason);
  return PropertyView(block);
}

}  // namespace mqz::mqtt
