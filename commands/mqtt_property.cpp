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
using mqtt::PropertyId;
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

// Where the specification says less than the width of the number.
struct Range {
  std::int64_t least = 0;
  std::int64_t most = 0;
};
Range range_of(const mqtt::PropertyRow& row) {
  const bool is_zero_wrong =
      row.id == PropertyId::receive_maximum || row.id == PropertyId::maximum_packet_size ||
      row.id == PropertyId::topic_alias || row.id == PropertyId::subscription_identifier;
  const std::int64_t least = is_zero_wrong ? 1 : 0;
  switch (row.kind) {
    case PropertyKind::byte: return {least, 1};  // every one that a client sends
    case PropertyKind::u16: return {least, 65'535};
    case PropertyKind::varint: return {least, 268'435'455};
    case PropertyKind::u32: return {least, 0xFFFF'FFFF};
    case PropertyKind::text:
    case PropertyKind::binary:
    case PropertyKind::text_pair: break;
  }
  return {};
}

// [MQTT-3.3.4-6], and a server alone names another one (3.14.2.2.5).
bool is_for_clients(const mqtt::PropertyRow& row, PacketType packet) {
  if ((row.packets & (1U << static_cast<unsigned>(packet))) == 0) return false;
  return !(packet == PacketType::publish && row.id == PropertyId::subscription_identifier) &&
         !(packet == PacketType::disconnect && row.id == PropertyId::server_reference);
}

std::string names_for(PacketType packet) {
  std::string names;
  for (std::uint32_t id = 0; id <= 0xFF; ++id) {
    const mqtt::PropertyRow* row = mqtt::find_property(id);
    if (row == nullptr || !is_for_clients(*row, packet)) continue;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", row->name);
  }
  return names;
}

tl::unexpected<Stop> wrong(std::string_view origin, std::string_view why) {
  return stop(Exit::usage, fmt::format("{}: {}", origin, why));
}

Checked<void> add_number(std::string_view origin, const mqtt::PropertyRow& row,
                         std::string_view value, mqtt::PropertyWriter& to) {
  const Range range = range_of(row);
  const auto number = parse_integer(value);
  if (!number || *number < range.least || *number > range.most) {
    return wrong(origin,
                 fmt::format("'{}' is not a number from {} to {}", value, range.least, range.most));
  }
  to.number(row.id, static_cast<std::uint32_t>(*number));
  return {};
}

Checked<void> add_text(std::string_view origin, const mqtt::PropertyRow& row,
                       const PropertyWords& words, mqtt::PropertyWriter& to) {
  for (const std::string& text : {words.key, words.value}) {
    if (text.size() > 65'535) return wrong(origin, "it is longer than 65535 bytes");
    if (row.kind != PropertyKind::binary && !mqtt::is_valid_utf8(text))
      return wrong(origin, "it is not UTF-8 text");
  }
  if (row.kind == PropertyKind::text_pair) {
    to.pair(words.key, words.value);
  } else {
    to.text(row.id, words.value);
  }
  return {};
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

Checked<void> add_property(std::string_view origin, const PropertyWords& words,
                           mqtt::PropertyWriter& to) {
  const auto packet = packet_type(words.packet);
  if (!packet) return wrong(origin, "no such packet");
  const mqtt::PropertyRow* row = mqtt::find_property(std::string_view(words.name));
  if (row == nullptr || !is_for_clients(*row, *packet)) {
    return stop(Exit::usage,
                fmt::format("{}: {}", origin,
                            row == nullptr ? "no such property"
                                           : fmt::format("a client's {} packet does not have it",
                                                         words.packet)),
                fmt::format("{} takes {}", words.packet, names_for(*packet)));
  }
  if (row->kind != PropertyKind::text_pair && to.view().has(row->id))
    return wrong(origin, fmt::format("a {} packet has {} once", words.packet, row->name));
  const bool is_text = row->kind == PropertyKind::text || row->kind == PropertyKind::binary ||
                       row->kind == PropertyKind::text_pair;
  auto added =
      is_text ? add_text(origin, *row, words, to) : add_number(origin, *row, words.value, to);
  if (!added) return added;
  if (mqtt::check_properties(to.view().bytes(), *packet) != mqtt::Reason::success)
    return wrong(origin, fmt::format("'{}' is not allowed", words.value));
  return {};
}

}  // namespace mqz::commands
