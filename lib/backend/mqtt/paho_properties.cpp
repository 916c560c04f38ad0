#include "lib/backend/mqtt/paho_properties.h"

namespace mqz::backend {
namespace {

using mqtt::PropertyKind;

// Paho copies what it is given, and takes no const.
MQTTLenString to_paho(std::string_view text) {
  return {static_cast<int>(text.size()), const_cast<char*>(text.empty() ? "" : text.data())};
}

std::string_view to_view(const MQTTLenString& text) {
  return {text.data, static_cast<std::size_t>(text.len)};
}

PropertyKind kind_of(mqtt::PropertyId id) {
  return mqtt::find_property(static_cast<std::uint32_t>(id))->kind;
}

MQTTProperty to_paho(const mqtt::Property& property) {
  MQTTProperty made{};
  made.identifier = static_cast<MQTTPropertyCodes>(property.id);
  switch (kind_of(property.id)) {
    case PropertyKind::byte: made.value.byte = static_cast<unsigned char>(property.number); break;
    case PropertyKind::u16:
      made.value.integer2 = static_cast<unsigned short>(property.number);
      break;
    case PropertyKind::u32:
    case PropertyKind::varint: made.value.integer4 = property.number; break;
    case PropertyKind::text:
    case PropertyKind::binary: made.value.data = to_paho(property.text); break;
    case PropertyKind::text_pair:
      made.value.data = to_paho(property.text);
      made.value.value = to_paho(property.value);
      break;
  }
  return made;
}

void append(mqtt::PropertyWriter& to, const MQTTProperty& property) {
  const auto id = static_cast<mqtt::PropertyId>(property.identifier);
  switch (kind_of(id)) {
    case PropertyKind::byte: return to.number(id, property.value.byte);
    case PropertyKind::u16: return to.number(id, property.value.integer2);
    case PropertyKind::u32:
    case PropertyKind::varint: return to.number(id, property.value.integer4);
    case PropertyKind::text:
    case PropertyKind::binary: return to.text(id, to_view(property.value.data));
    case PropertyKind::text_pair:
      return to.pair(to_view(property.value.data), to_view(property.value.value));
  }
}

}  // namespace

PahoProperties::PahoProperties(mqtt::PropertyView from) {
  for (const mqtt::Property& property : from) {
    const MQTTProperty made = to_paho(property);
    MQTTProperties_add(&properties_, &made);
  }
}

PahoProperties::~PahoProperties() { MQTTProperties_free(&properties_); }

mqtt::PropertyWriter from_paho(const MQTTProperties& properties) {
  mqtt::PropertyWriter writer;
  for (int i = 0; i < properties.count; ++i) append(writer, properties.array[i]);
  return writer;
}

}  // namespace mqz::backend
