#include "tests/unit/mqtt/samples.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "lib/mqtt/property.h"
#include "tests/unit/mqtt/bytes.h"
#include "tests/unit/mqtt/describe.h"

namespace mqz::mqtt::testing {

namespace {

bool is_flag(PropertyId id) {
  switch (static_cast<unsigned>(id)) {
    case 1:
    case 23:
    case 25:
    case 36:
    case 37:
    case 40:
    case 41:
    case 42: return true;
  }
  return false;
}

std::uint32_t number_for(const PropertyRow& row, bool high) {
  if (is_flag(row.id)) return high ? 1 : 0;
  if (!high) return 1;
  if (row.kind == PropertyKind::u16) return 0xFFFF;
  return row.kind == PropertyKind::varint ? 268'435'455 : 0xFFFF'FFFF;
}

void write_property(PropertyWriter& to, const PropertyRow& row, bool high) {
  switch (row.kind) {
    case PropertyKind::byte:
    case PropertyKind::u16:
    case PropertyKind::u32:
    case PropertyKind::varint: to.number(row.id, number_for(row, high)); return;
    case PropertyKind::text: to.text(row.id, high ? "t\xC3\xA9xt/\xF0\x9F\x8C\x8D" : "t"); return;
    case PropertyKind::binary:
      to.text(row.id, high ? std::string_view("\x00\xFF\x80", 3) : std::string_view());
      return;
    case PropertyKind::text_pair: to.pair(high ? "key" : "", high ? "v\xC3\xA4lue" : ""); return;
  }
}

// Rules between properties: a block with authentication data names the method, and so does any
// AUTH.
std::string completed(std::string block, PacketType where) {
  const PropertyView view{as_bytes(block)};
  const bool wants = where == PacketType::auth ||
                     (where == PacketType::connect && view.has(PropertyId::authentication_data));
  if (wants && !view.has(PropertyId::authentication_method)) block += property_bytes(21, false);
  return block;
}

template <typename Packet>
Sample sample_of(PacketType type, Version version, const Packet& packet) {
  const Seen seen = see(packet, version);
  return {type, version, seen.text, seen.bytes, {}};
}

std::size_t body_size(const Sample& sample) {
  return next_frame(as_bytes(sample.bytes)).frame.body.size();
}

PropertyView view_of(const std::string& block) { return PropertyView(as_bytes(block)); }

constexpr std::string_view payload = std::string_view("\x00pay\xFFload", 9);

struct Login {
  std::optional<std::string_view> user{};
  std::optional<Bytes> password{};
};

std::vector<Login> logins(Version version) {
  std::vector<Login> all = {{}, {"user", {}}, {"", Bytes{}}, {"user", as_bytes("secret")}};
  if (version == Version::v5) all.push_back({std::nullopt, as_bytes("token")});
  return all;
}

std::vector<std::optional<Will>> wills(const std::string& block) {
  std::vector<std::optional<Will>> all = {std::nullopt};
  for (unsigned qos = 0; qos < 3; ++qos) {
    for (const bool retain : {false, true}) {
      all.emplace_back(Will{"will/topic", qos == 1 ? Bytes{} : as_bytes(payload),
                            static_cast<Qos>(qos), retain, view_of(block)});
    }
  }
  return all;
}

// In 3.1 a CONNECT may end before its user name and its password, whatever the flags say.
std::vector<std::size_t> connect_ends(const Connect& packet, std::size_t size) {
  std::vector<std::size_t> ends;
  if (packet.version != Version::v31 || !packet.user_name) return ends;
  if (packet.password) {
    size -= 2 + packet.password->size();
    ends.push_back(size);
  }
  ends.push_back(size - 2 - packet.user_name->size());
  return ends;
}

void add_connect(std::vector<Sample>& to, const Connect& packet) {
  const Seen seen = see(packet);
  to.push_back({PacketType::connect, packet.version, seen.text, seen.bytes, {}});
  to.back().ends = connect_ends(packet, body_size(to.back()));
}

void add_connects(std::vector<Sample>& to, Version version, const std::string& block,
                  const std::string& will_block) {
  for (const std::optional<Will>& will : wills(will_block)) {
    for (const Login& login : logins(version)) {
      for (const bool clean : {false, true}) {
        Connect packet{version,        clean,          60,   "client", will, login.user,
                       login.password, view_of(block), false};
        add_connect(to, packet);
        packet.bridge = version != Version::v5;
        packet.keep_alive_s = 0xFFFF;
        const bool may_be_nameless = version == Version::v5 || (version == Version::v311 && clean);
        packet.client_id = may_be_nameless ? "" : "\xC3\xA9";
        add_connect(to, packet);
      }
    }
  }
}

void add_publish(std::vector<Sample>& to, Version version, const Publish& packet) {
  to.push_back(sample_of(PacketType::publish, version, packet));
  const std::size_t size = body_size(to.back());
  for (std::size_t left = size - packet.payload.size(); left < size; ++left) {
    to.back().ends.push_back(left);
  }
}

void add_subscribes(std::vector<Sample>& to, Version version, const std::string& block) {
  const unsigned options_count = version == Version::v5 ? 0x30 : 3;
  Subscribe packet{0xFFFF, view_of(block), {}};
  std::string entries;
  std::vector<std::size_t> ends;
  for (unsigned byte = 0; byte < options_count; ++byte) {
    if ((byte & 3U) == 3) continue;
    append_entry(entries, {"a/+/#",
                           {static_cast<Qos>(byte & 3U), (byte & 4U) != 0, (byte & 8U) != 0,
                            static_cast<std::uint8_t>(byte >> 4U)}});
    packet.payload = as_bytes(entries);
    to.push_back(sample_of(PacketType::subscribe, version, packet));
    to.back().ends = ends;
    ends.push_back(body_size(to.back()));
    if (entries.size() > 40) break;
  }
}

void add_unsubscribes(std::vector<Sample>& to, Version version, const std::string& block) {
  Unsubscribe packet{1, view_of(block), {}};
  std::string filters;
  std::vector<std::size_t> ends;
  for (const std::string_view filter : {"a", "$share/group/b/#", "\xC3\xA9/+"}) {
    append_entry(filters, filter);
    packet.payload = as_bytes(filters);
    to.push_back(sample_of(PacketType::unsubscribe, version, packet));
    to.back().ends = ends;
    ends.push_back(body_size(to.back()));
  }
}

void add_subscribe_ack(std::vector<Sample>& to, Version version, PacketType type,
                       const std::string& block, std::string_view reasons) {
  to.push_back(sample_of(type, version, SubscribeAck{type, 7, view_of(block), as_bytes(reasons)}));
  const std::size_t size = body_size(to.back());
  for (std::size_t left = 1; left < reasons.size(); ++left) to.back().ends.push_back(size - left);
}

void add_subscribe_acks(std::vector<Sample>& to, Version version) {
  const bool is_v5 = version == Version::v5;
  for (const std::string& block : property_blocks(PacketType::suback, version)) {
    const std::string_view reasons = is_v5 ? std::string_view("\x01\x00\x02\x80\xA2", 5)
                                           : std::string_view("\x01\x00\x02\x80", 4);
    add_subscribe_ack(to, version, PacketType::suback, block, reasons);
  }
  for (const std::string& block : property_blocks(PacketType::unsuback, version)) {
    const std::string_view reasons =
        is_v5 ? std::string_view("\x00\x11\x8F", 3) : std::string_view();
    add_subscribe_ack(to, version, PacketType::unsuback, block, reasons);
  }
}

std::vector<Reason> reasons_of(PacketType type, Version version) {
  std::vector<Reason> reasons;
  for (unsigned code = 0; code < 256; ++code) {
    const Reason reason = static_cast<Reason>(code);
    if (!is_allowed_reason(type, reason)) continue;
    if (version == Version::v5 || reason == Reason::success) reasons.push_back(reason);
  }
  return reasons;
}

void add_connacks(std::vector<Sample>& to, Version version) {
  for (const std::string& block : property_blocks(PacketType::connack, version)) {
    for (const Reason reason : reasons_of(PacketType::connack, version)) {
      const Connack packet{false, reason, view_of(block)};
      to.push_back(sample_of(PacketType::connack, version, packet));
    }
  }
  if (version == Version::v31) return;
  to.push_back(sample_of(PacketType::connack, version, Connack{true, Reason::success, {}}));
}

constexpr std::uint16_t ids[] = {1, 0x0100, 0xFFFF};

void add_acks(std::vector<Sample>& to, Version version, PacketType type) {
  for (const std::string& block : property_blocks(type, version)) {
    for (const Reason reason : reasons_of(type, version)) {
      for (const std::uint16_t id : ids) {
        to.push_back(sample_of(type, version, Ack{type, id, reason, view_of(block)}));
        const std::size_t size = body_size(to.back());
        for (const std::size_t end : {2U, 3U}) {
          if (end < size) to.back().ends.push_back(end);
        }
      }
    }
  }
}

void add_disconnects(std::vector<Sample>& to, Version version) {
  for (const std::string& block : property_blocks(PacketType::disconnect, version)) {
    for (const Reason reason : reasons_of(PacketType::disconnect, version)) {
      const Disconnect packet{reason, view_of(block)};
      to.push_back(sample_of(PacketType::disconnect, version, packet));
      const std::size_t size = body_size(to.back());
      for (const std::size_t end : {0U, 1U}) {
        if (end < size) to.back().ends.push_back(end);
      }
    }
  }
}

void add_auths(std::vector<Sample>& to) {
  const Version version = Version::v5;
  to.push_back(sample_of(PacketType::auth, version, Auth{}));
  for (const std::string& block : property_blocks(PacketType::auth, version)) {
    for (const Reason reason : reasons_of(PacketType::auth, version)) {
      to.push_back(sample_of(PacketType::auth, version, Auth{reason, view_of(block)}));
      to.back().ends = {0};
    }
  }
}

}  // namespace

std::string property_bytes(unsigned id, bool high) {
  PropertyWriter writer;
  write_property(writer, *find_property(id), high);
  return std::string(as_text(writer.view().bytes()));
}

std::vector<std::string> property_blocks(PacketType where, Version version) {
  std::vector<std::string> blocks;
  blocks.push_back(version == Version::v5 ? completed("", where) : "");
  if (version != Version::v5) return blocks;
  std::string forwards;
  std::string backwards;
  for (unsigned id = 1; id < 43; ++id) {
    const PropertyRow* const row = find_property(id);
    if (row == nullptr || (row->packets & (1U << static_cast<unsigned>(where))) == 0) continue;
    blocks.push_back(completed(property_bytes(id, false), where));
    blocks.push_back(completed(property_bytes(id, true), where));
    forwards += property_bytes(id, false);
    backwards.insert(0, property_bytes(id, true));
  }
  blocks.push_back(forwards);
  blocks.push_back(backwards);
  blocks.push_back(completed(property_bytes(38, true) + property_bytes(38, false), where));
  return blocks;
}

std::vector<Sample> connect_samples(Version version) {
  std::vector<Sample> samples;
  add_connects(samples, version, "", "");
  if (version != Version::v5) return samples;
  const Bytes token = as_bytes("token");
  for (const std::string& block : property_blocks(PacketType::connect, version)) {
    add_connect(samples, {version, true, 1, "c", {}, "user", token, view_of(block), false});
  }
  for (const std::string& block : property_blocks(will_properties, version)) {
    const Will will{"w", as_bytes(payload), Qos::exactly_once, true, view_of(block)};
    add_connect(samples, {version, true, 1, "c", will, {}, {}, {}, false});
  }
  return samples;
}

std::vector<Sample> publish_samples(Version version) {
  std::vector<Sample> samples;
  for (const std::string& block : property_blocks(PacketType::publish, version)) {
    for (const unsigned flags : {0U, 1U, 2U, 3U, 4U, 5U, 10U, 11U, 12U, 13U}) {
      const bool has_id = (flags & 6U) != 0;
      Publish packet{(flags & 8U) != 0,
                     static_cast<Qos>(flags >> 1U & 3U),
                     (flags & 1U) != 0,
                     "t",
                     static_cast<std::uint16_t>(has_id ? 0x0102 : 0),
                     view_of(block),
                     {}};
      add_publish(samples, version, packet);
      packet.topic = "sensors/\xC3\xA9t\xC3\xA9/temperature";
      packet.payload = as_bytes(payload);
      add_publish(samples, version, packet);
      packet.topic = "";
      if (packet.properties.has(PropertyId::topic_alias)) add_publish(samples, version, packet);
    }
  }
  return samples;
}

std::vector<Sample> subscribe_samples(Version version) {
  std::vector<Sample> samples;
  for (const std::string& block : property_blocks(PacketType::subscribe, version)) {
    add_subscribes(samples, version, block);
  }
  for (const std::string& block : property_blocks(PacketType::unsubscribe, version)) {
    add_unsubscribes(samples, version, block);
  }
  add_subscribe_acks(samples, version);
  return samples;
}

std::vector<Sample> answer_samples(Version version) {
  std::vector<Sample> samples;
  add_connacks(samples, version);
  for (const PacketType type :
       {PacketType::puback, PacketType::pubrec, PacketType::pubrel, PacketType::pubcomp}) {
    add_acks(samples, version, type);
  }
  add_disconnects(samples, version);
  if (version == Version::v5) add_auths(samples);
  return samples;
}

const std::vector<Sample>& all_samples() {
  static const std::vector<Sample> samples = [] {
    std::vector<Sample> all;
    for (const Version version : versions) {
      for (auto* const generate :
           {&connect_samples, &publish_samples, &subscribe_samples, &answer_samples}) {
        const std::vector<Sample> some = generate(version);
        all.insert(all.end(), some.begin(), some.end());
      }
    }
    return all;
  }();
  return samples;
}

}  // namespace mqz::mqtt::testing
