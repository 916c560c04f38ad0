#include "commands/mqtt_property.h"

#include <fmt/core.h>

#include <array>
#include <optional>
#include <vector>

#include "commands/values.h"
#include "lib/mqtt/topic.h"

namespace mqz::commands {
namespace {

using mqtt::PacketType;
using mqtt::PropertyKind;

struct PacketRow {
  std::string_view name{};
  PacketType type{};
};
constexpr std::array packets = {
    PacketRow{"connect", PacketType::connect},
    PacketRow{"publish", PacketType::publish},
    PacketRow{"subscribe", PacketType::subscribe},
    PacketRow{"unsubscribe", PacketType::unsubscribe},
    PacketRow{"disconnect", PacketType::disconnect},
    PacketRow{"will", mqtt::will_properties},
};

std::optional<PacketType> packet_type(std::string_view name) {
  for (const PacketRow& row : packets) {
    if (row.name == name) return row.type;
  }
  return std::nullopt;
}

std::int64_t most(PropertyKind kind) {
  switch (kind) {
    case PropertyKind::byte: return 255;
    case PropertyKind::u16: return 65'535;
    case PropertyKind::varint: return 268'435'455;
    case PropertyKind::u32: return 0xFFFF'FFFF;
    case PropertyKind::text:
    case PropertyKind::binary:
    case PropertyKind::text_pair: break;
  }
  return 0;
}

tl::unexpected<Stop> wrong(const PropertyWords& words, std::string_view why) {
  return stop(Exit::usage, fmt::format("--property {} {}: {}", words.packet, words.name, why));
}

}  // namespace

Checked<PropertyWords> read_property_words(std::string_view words) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= words.size();) {
    const std::size_t end = std::min(words.find(word_separator, at), words.size());
    parts.emplace_back(words.substr(at, end - at));
    at = end + 1;
  }
  if (parts.size() == 3) return PropertyWords{parts[0], parts[1], {}, parts[2]};
  if (parts.size() == 4) return PropertyWords{parts[0], parts[1], parts[2], parts[3]};
  return stop(Exit::usage,
              "--property takes COMMAND NAME VALUE, or COMMAND user-property KEY VALUE");
}

Checked<void> add_property(const PropertyWords& words, mqtt::PropertyWriter& to) {
  const auto packet = packet_type(words.packet);
  const mqtt::PropertyRow* row = mqtt::find_property(std::string_view(words.name));
  if (!packet) return wrong(words, "no such packet");
  if (row == nullptr) return wrong(words, "no such property");
  if ((row->packets & (1U << static_cast<unsigned>(*packet))) == 0) {
    return wrong(words, fmt::format("{} packets do not have it", words.packet));
  }
  const bool is_text = row->kind == PropertyKind::text || row->kind == PropertyKind::binary;
  if (row->kind == PropertyKind::text_pair) {
    if (!mqtt::is_valid_utf8(words.key) || !mqtt::is_valid_utf8(words.value)) {
      return wrong(words, "it is not UTF-8 text");
    }
    to.pair(words.key, words.value);
  } else if (is_text) {
    if (words.value.size() > 65'535) return wrong(words, "it is longer than 65535 bytes");
    if (row->kind == PropertyKind::text && !mqtt::is_valid_utf8(words.value)) {
      return wrong(words, "it is not UTF-8 text");
    }
    to.text(row->id, words.value);
  } else {
    const auto number = parse_integer(words.value);
    if (!number || *number < 0 || *number > most(row->kind)) {
      return wrong(words,
                   fmt::format("'{}' is not a number from 0 to {}", words.value, most(row->kind)));
    }
    to.number(row->id, static_cast<std::uint32_t>(*number));
  }
  if (mqtt::check_properties(to.view().bytes(), *packet) != mqtt::Reason::success) {
    return wrong(words, fmt::format("'{}' is not allowed, or it is given twice", words.value));
  }
  return {};
}

}  // namespace mqz::commands
