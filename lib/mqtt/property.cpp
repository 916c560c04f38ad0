#include "lib/mqtt/property.h"

#include <array>

#include "lib/mqtt/varint.h"

namespace mqz::mqtt {

namespace {

void append_bytes(std::string& to, const std::byte* from, const std::byte* end) {
  to.append(as_text(Bytes(from, end)));
}

void append_text(std::string& to, std::string_view text) {
  std::array<std::byte, 2> size{};
  store_u16(size.data(), static_cast<std::uint16_t>(text.size()));
  append_bytes(to, size.data(), size.data() + size.size());
  to.append(text);
}

std::byte* put_number(PropertyKind kind, std::uint32_t value, std::byte* out) {
  switch (kind) {
    case PropertyKind::byte: *out = static_cast<std::byte>(value); return out + 1;
    case PropertyKind::u16: return store_u16(out, static_cast<std::uint16_t>(value));
    case PropertyKind::u32: return store_u32(out, value);
    case PropertyKind::varint: return encode_varint(value, out);
    case PropertyKind::text:
    case PropertyKind::binary:
    case PropertyKind::text_pair: return out;
  }
  return out;
}

std::string_view take_text(const std::byte*& at) {
  const std::size_t size = load_u16(at);
  const std::string_view text = as_text(Bytes(at + 2, size));
  at += 2 + size;
  return text;
}

// Reads the value of a property from validated bytes, and moves `at` behind it.
void take_value(PropertyKind kind, const std::byte*& at, const std::byte* end, Property& property) {
  switch (kind) {
    case PropertyKind::byte: property.number = std::to_integer<std::uint32_t>(*at++); return;
    case PropertyKind::u16:
      property.number = load_u16(at);
      at += 2;
      return;
    case PropertyKind::u32:
      property.number = load_u32(at);
      at += 4;
      return;
    case PropertyKind::varint: {
      const Varint number = read_varint(at, end);
      property.number = number.value;
      at = number.next;
      return;
    }
    case PropertyKind::text_pair:
      property.text = take_text(at);
      property.value = take_text(at);
      return;
    case PropertyKind::text:
    case PropertyKind::binary: property.text = take_text(at); return;
  }
}

}  // namespace

PropertyView::Iterator::Iterator(Bytes rest)
    : at_(rest.data()), next_(rest.data()), end_(rest.data() + rest.size()) {
  read();
}

PropertyView::Iterator& PropertyView::Iterator::operator++() {
  at_ = next_;
  read();
  return *this;
}

void PropertyView::Iterator::read() {
  if (at_ == end_) return;
  // Identifiers above 127 do not exist, so a validated one is a single byte.
  const PropertyRow* const row = find_property(std::to_integer<std::uint32_t>(*at_));
  current_ = Property{row->id};
  next_ = at_ + 1;
  take_value(row->kind, next_, end_, current_);
}

std::optional<std::uint32_t> PropertyView::number(PropertyId id) const {
  for (const Property& property : *this) {
    if (property.id == id) return property.number;
  }
  return std::nullopt;
}

std::optional<std::string_view> PropertyView::text(PropertyId id) const {
  for (const Property& property : *this) {
    if (property.id == id) return property.text;
  }
  return std::nullopt;
}

bool PropertyView::has(PropertyId id) const { return number(id).has_value(); }

void PropertyWriter::number(PropertyId id, std::uint32_t value) {
  const PropertyRow* const row = find_property(static_cast<std::uint32_t>(id));
  std::array<std::byte, 5> room{};
  room[0] = static_cast<std::byte>(id);
  append_bytes(block_, room.data(), put_number(row->kind, value, room.data() + 1));
}

void PropertyWriter::text(PropertyId id, std::string_view value) {
  block_.push_back(static_cast<char>(id));
  append_text(block_, value);
}

void PropertyWriter::pair(std::string_view key, std::string_view value) {
  block_.push_back(static_cast<char>(PropertyId::user_property));
  append_text(block_, key);
  append_text(block_, value);
}

}  // namespace mqz::mqtt
