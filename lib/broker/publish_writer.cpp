#include "lib/broker/publish_writer.h"

#include <chrono>
#include <cstring>

#include "lib/base/rules.h"
#include "lib/mqtt/encode.h"

namespace mqz::broker {
namespace {

using mqtt::PropertyId;

struct Alias {
  std::uint16_t number = 0;
  bool is_new = false;  // the topic is sent with it this time
};

// The alias for a topic: the one it has, or the next free one.
Alias choose_alias(Connection& to, std::string_view topic) {
  if (to.alias_out_max == 0) return {};
  if (!to.aliases_out) to.aliases_out = std::make_unique<TopicAliases>();
  auto& topics = to.aliases_out->topics;
  if (const std::uint16_t known = to.aliases_out->find(topic); known != 0) return {known, false};
  if (MQZ_RULE(client_alias_maximum) && topics.size() >= to.alias_out_max) return {};
  return {static_cast<std::uint16_t>(topics.size() + 1), true};
}

std::uint32_t seconds_left(MonoTime expires, MonoTime now) {
  if (!MQZ_RULE(remaining_expiry)) now = MonoTime{};
  if (expires <= now) return 0;
  return static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(expires - now).count());
}

std::byte* put(std::byte* out, Bytes bytes) {
  if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

std::byte* put_id(std::byte* out, PropertyId id) {
  *out = static_cast<std::byte>(id);
  return out + 1;
}

// The properties a receiver gets: the message's own, then what belongs to this delivery.
struct Properties {
  Bytes own{};
  bool has_expiry = false;
  std::uint32_t expiry_s = 0;
  std::span<const std::uint32_t> identifiers{};
  std::uint16_t alias = 0;

  std::size_t bytes() const {
    std::size_t total = own.size() + (has_expiry ? 5U : 0U) + (alias != 0 ? 3U : 0U);
    for (const std::uint32_t identifier : identifiers) total += 1 + mqtt::varint_size(identifier);
    return total;
  }

  std::byte* write(std::byte* out) const {
    out = put(out, own);
    if (has_expiry) out = store_u32(put_id(out, PropertyId::message_expiry_interval), expiry_s);
    for (const std::uint32_t identifier : identifiers) {
      out = mqtt::encode_varint(identifier, put_id(out, PropertyId::subscription_identifier));
    }
    if (alias != 0) out = store_u16(put_id(out, PropertyId::topic_alias), alias);
    return out;
  }
};

std::byte first_byte(const PublishForm& form) {
  return static_cast<std::byte>(0x30U | (form.dup ? 8U : 0U) |
                                (static_cast<unsigned>(form.qos) << 1U) | (form.retain ? 1U : 0U));
}

}  // namespace

bool write_publish(Connection& to, Routed& message, const PublishForm& form, MonoTime now) {
  const bool v5 = to.version == mqtt::Version::v5;
  const Alias alias = v5 ? choose_alias(to, message.topic()) : Alias{};
  const std::string_view topic =
      alias.number != 0 && !alias.is_new ? std::string_view{} : message.topic();
  Properties properties{};
  std::size_t properties_bytes = 0;
  if (v5) {
    properties.own = message.properties().bytes();
    properties.has_expiry = message.expires() != MonoTime::max();
    if (properties.has_expiry) properties.expiry_s = seconds_left(message.expires(), now);
    properties.identifiers = form.identifiers;
    properties.alias = alias.number;
    properties_bytes = properties.bytes();
  }
  const std::size_t id_bytes = form.qos == mqtt::Qos::at_most_once ? 0 : 2;
  const Bytes payload = message.payload();
  const std::size_t head =
      2 + topic.size() + id_bytes +
      (v5 ? mqtt::varint_size(static_cast<std::uint32_t>(properties_bytes)) + properties_bytes : 0);
  const std::size_t remaining = head + payload.size();
  const std::size_t fixed = 1 + mqtt::varint_size(static_cast<std::uint32_t>(remaining));
  const bool is_wanted = fixed + remaining <= to.packet_bytes_max || !MQZ_RULE(packet_size);
  if (remaining > mqtt::remaining_length_max || !is_wanted) return false;

  const bool by_reference = payload.size() >= Outbox::reference_bytes_min;
  std::byte* out = to.out.reserve(fixed + head + (by_reference ? 0 : payload.size()));
  *out++ = first_byte(form);
  out = mqtt::encode_varint(static_cast<std::uint32_t>(remaining), out);
  out = store_u16(out, static_cast<std::uint16_t>(topic.size()));
  out = put(out, as_bytes(topic));
  if (id_bytes != 0) out = store_u16(out, form.packet_id);
  if (v5)
    out = properties.write(mqtt::encode_varint(static_cast<std::uint32_t>(properties_bytes), out));
  if (by_reference) {
    to.out.append_payload(message.block());
  } else {
    put(out, payload);
  }
  if (alias.is_new) to.aliases_out->topics.emplace_back(message.topic());
  return true;
}

}  // namespace mqz::broker
