// From the text of a packet to its bytes.
#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "lib/mqtt/encode.h"
#include "tests/scenario/packet_text.h"

namespace mqz::scenario {

namespace {

using mqtt::PacketType;
using mqtt::Qos;
using mqtt::Version;

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return number;
}

// The fields of one packet, read one by one; what is left over or does not parse is an error.
class Fields {
 public:
  explicit Fields(const PacketText& packet) : packet_(packet), used_(packet.fields.size()) {}

  const Field* take(std::string_view name) {
    for (std::size_t i = 0; i < packet_.fields.size(); ++i) {
      if (used_[i] || packet_.fields[i].name != name) continue;
      used_[i] = true;
      return &packet_.fields[i];
    }
    return nullptr;
  }

  bool flag(std::string_view name) {
    const Field* field = take(name);
    return field != nullptr && field->value != "0";
  }

  std::string_view text(std::string_view name, std::string_view otherwise = {}) {
    const Field* field = take(name);
    return field != nullptr ? std::string_view(field->value) : otherwise;
  }

  std::uint32_t number(std::string_view name, std::uint32_t otherwise = 0,
                       std::uint32_t most = std::numeric_limits<std::uint32_t>::max()) {
    const Field* field = take(name);
    if (field == nullptr) return otherwise;
    const std::optional<std::uint32_t> value = parse_number(field->value);
    if (value && *value <= most) return *value;
    complain(*field);
    return otherwise;
  }

  std::uint16_t id() { return static_cast<std::uint16_t>(number("id", 0, 0xFFFF)); }
  Qos qos() { return static_cast<Qos>(number("qos", 0, 3)); }

  mqtt::Reason reason() {
    const Field* field = take("rc");
    if (field == nullptr) return mqtt::Reason::success;
    const std::optional<mqtt::Reason> reason = find_reason(field->value);
    if (!reason) complain(*field);
    return reason.value_or(mqtt::Reason::success);
  }

  // Every property whose field begins with the prefix, in the order of the text.
  void properties(std::string_view prefix, mqtt::PropertyWriter& into) {
    for (std::size_t i = 0; i < packet_.fields.size(); ++i) {
      const Field& field = packet_.fields[i];
      if (used_[i] || std::string_view(field.name).substr(0, prefix.size()) != prefix) continue;
      used_[i] = true;
      if (!write_property(std::string_view(field.name).substr(prefix.size()), field.value, into))
        complain(field);
    }
  }

  // The first field that was wrong or that nobody asked for.
  std::optional<std::string> problem() const {
    if (problem_) return problem_;
    for (std::size_t i = 0; i < used_.size(); ++i) {
      if (!used_[i]) return fmt::format("{} has no field {}", packet_.name, packet_.fields[i].name);
    }
    return std::nullopt;
  }

 private:
  void complain(const Field& field) {
    if (!problem_)
      problem_ = fmt::format("{}: {}={} makes no sense", packet_.name, field.name, field.value);
  }

  static bool write_property(std::string_view name, const std::string& value,
                             mqtt::PropertyWriter& into) {
    const mqtt::PropertyRow* row = mqtt::find_property(name);
    if (row == nullptr) return false;
    switch (row->kind) {
      case mqtt::PropertyKind::text:
      case mqtt::PropertyKind::binary: into.text(row->id, value); return true;
      case mqtt::PropertyKind::text_pair: {
        const std::size_t colon = value.find(':');
        if (colon == std::string::npos) return false;
        into.pair(std::string_view(value).substr(0, colon),
                  std::string_view(value).substr(colon + 1));
        return true;
      }
      case mqtt::PropertyKind::byte:
      case mqtt::PropertyKind::u16:
      case mqtt::PropertyKind::u32:
      case mqtt::PropertyKind::varint: {
        const std::optional<std::uint32_t> number = parse_number(value);
        if (number) into.number(row->id, *number);
        return number.has_value();
      }
    }
    return false;
  }

  const PacketText& packet_;
  std::vector<bool> used_;
  std::optional<std::string> problem_{};
};

// "topic:payload:1:retain", shortened from the right.
mqtt::Will parse_will(std::string_view text) {
  mqtt::Will will;
  const auto next = [&text] {
    const std::string_view part = text.substr(0, text.find(':'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    return part;
  };
  will.topic = next();
  will.payload = as_bytes(next());
  will.qos = static_cast<Qos>(parse_number(next()).value_or(0));
  will.retain = next() == "retain";
  return will;
}

std::string connect(Fields& fields, Version version, std::string_view sender) {
  mqtt::Connect packet;
  packet.version = version;
  for (const char* word : {"v31", "v311", "v5"}) fields.take(word);
  packet.client_id = fields.text("id", sender);
  packet.clean_start = fields.flag("clean");
  packet.keep_alive_s = static_cast<std::uint16_t>(fields.number("keepalive", 0, 0xFFFF));
  packet.bridge = fields.flag("bridge");
  if (const Field* user = fields.take("user")) packet.user_name = user->value;
  if (const Field* password = fields.take("password")) packet.password = as_bytes(password->value);
  mqtt::PropertyWriter properties;
  const std::uint32_t expiry_s = fields.number("expiry", fields.flag("durable") ? 3600 : 0);
  if (expiry_s != 0 && version == Version::v5) {
    properties.number(mqtt::PropertyId::session_expiry_interval, expiry_s);
  }
  fields.properties("prop.", properties);
  packet.properties = properties.view();
  mqtt::PropertyWriter will_properties;
  fields.properties("will-prop.", will_properties);
  if (const Field* will = fields.take("will")) {
    packet.will = parse_will(will->value);
    packet.will->properties = will_properties.view();
  }
  std::string bytes;
  bytes.resize(mqtt::encoded_size(packet));
  mqtt::encode(packet, reinterpret_cast<std::byte*>(bytes.data()));
  return bytes;
}

std::string publish(Fields& fields, Version version) {
  mqtt::Publish packet;
  packet.topic = fields.text("topic");
  const std::string filler(fields.number("payload-size"), 'x');
  packet.payload = as_bytes(fields.text("payload", filler));
  packet.qos = fields.qos();
  packet.packet_id = fields.id();
  packet.retain = fields.flag("retain");
  packet.dup = fields.flag("dup");
  mqtt::PropertyWriter properties;
  fields.properties("prop.", properties);
  packet.properties = properties.view();
  std::string bytes;
  mqtt::append(bytes, packet, version);
  return bytes;
}

std::string acknowledgement(Fields& fields, Version version, PacketType type) {
  mqtt::PropertyWriter properties;
  mqtt::Ack packet{type, fields.id(), fields.reason(), {}};
  fields.properties("prop.", properties);
  packet.properties = properties.view();
  std::string bytes;
  mqtt::append(bytes, packet, version);
  return bytes;
}

std::string subscribe(Fields& fields, Version version, const PacketText& text) {
  mqtt::Subscribe packet;
  packet.packet_id = fields.id();
  std::string payload;
  mqtt::SubscribeEntry entry;
  bool any = false;
  for (const Field& field : text.fields) {
    if (field.name == "filter") {
      if (any) mqtt::append_entry(payload, entry);
      entry = {field.value, {}};
      any = true;
    } else if (field.name == "qos") {
      entry.options.qos = static_cast<Qos>(parse_number(field.value).value_or(0));
    } else if (field.name == "nolocal") {
      entry.options.no_local = true;
    } else if (field.name == "rap") {
      entry.options.retain_as_published = true;
    } else if (field.name == "rh") {
      entry.options.retain_handling =
          static_cast<std::uint8_t>(parse_number(field.value).value_or(0));
    } else {
      continue;
    }
    fields.take(field.name);
  }
  if (any) mqtt::append_entry(payload, entry);
  packet.payload = as_bytes(payload);
  mqtt::PropertyWriter properties;
  fields.properties("prop.", properties);
  packet.properties = properties.view();
  std::string bytes;
  mqtt::append(bytes, packet, version);
  return bytes;
}

std::string unsubscribe(Fields& fields, Version version) {
  mqtt::Unsubscribe packet;
  packet.packet_id = fields.id();
  std::string payload;
  while (const Field* filter = fields.take("filter")) {
    mqtt::append_entry(payload, std::string_view(filter->value));
  }
  packet.payload = as_bytes(payload);
  mqtt::PropertyWriter properties;
  fields.properties("prop.", properties);
  packet.properties = properties.view();
  std::string bytes;
  mqtt::append(bytes, packet, version);
  return bytes;
}

std::string disconnect(Fields& fields, Version version) {
  mqtt::PropertyWriter properties;
  mqtt::Disconnect packet{fields.reason(), {}};
  fields.properties("prop.", properties);
  packet.properties = properties.view();
  std::string bytes;
  mqtt::append(bytes, packet, version);
  return bytes;
}

std::string auth(Fields& fields, Version version) {
  mqtt::PropertyWriter properties;
  mqtt::Auth packet{fields.reason(), {}};
  fields.properties("prop.", properties);
  packet.properties = properties.view();
  std::string bytes;
  mqtt::append(bytes, packet, version);
  return bytes;
}

std::string ping(const std::byte (&bytes)[2]) { return std::string(as_text(Bytes(bytes))); }

std::optional<std::string> encode(Fields& fields, const PacketText& packet, Version version,
                                  std::string_view sender) {
  const std::string& name = packet.name;
  if (name == "CONNECT") return connect(fields, version, sender);
  if (name == "PUBLISH") return publish(fields, version);
  if (name == "PUBACK") return acknowledgement(fields, version, PacketType::puback);
  if (name == "PUBREC") return acknowledgement(fields, version, PacketType::pubrec);
  if (name == "PUBREL") return acknowledgement(fields, version, PacketType::pubrel);
  if (name == "PUBCOMP") return acknowledgement(fields, version, PacketType::pubcomp);
  if (name == "SUBSCRIBE") return subscribe(fields, version, packet);
  if (name == "UNSUBSCRIBE") return unsubscribe(fields, version);
  if (name == "PINGREQ") return ping(mqtt::pingreq_bytes);
  if (name == "PINGRESP") return ping(mqtt::pingresp_bytes);
  if (name == "DISCONNECT") return disconnect(fields, version);
  if (name == "AUTH") return auth(fields, version);
  return std::nullopt;
}

}  // namespace

mqtt::Version find_version(std::string_view word) {
  return word == "v31" ? Version::v31 : word == "v311" ? Version::v311 : Version::v5;
}

mqtt::Version version_of(const PacketText& connect_text, mqtt::Version otherwise) {
  for (const char* word : {"v31", "v311", "v5"}) {
    if (connect_text.has(word)) return find_version(word);
  }
  return otherwise;
}

Result<std::string> encode_packet(const PacketText& packet, mqtt::Version version,
                                  std::string_view sender) {
  Fields fields(packet);
  std::optional<std::string> bytes = encode(fields, packet, version, sender);
  if (!bytes)
    return fail(ErrorCode::invalid, fmt::format("{} is no packet that can be sent", packet.name));
  if (const std::optional<std::string> problem = fields.problem())
    return fail(ErrorCode::invalid, *problem);
  return *std::move(bytes);
}

}  // namespace mqz::scenario
