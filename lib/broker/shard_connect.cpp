// From the CONNECT of a client to its DISCONNECT (3.1, 3.2, 3.14, 3.15).
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lib/base/rules.h"
#include "lib/broker/shard.h"
#include "lib/mqtt/direction.h"

namespace mqz::broker {
namespace {

using mqtt::PropertyId;
using mqtt::Reason;
using mqtt::Version;

// A level that nobody knows is answered in the form of the nearest one that is known, another
// protocol's not at all.
std::optional<Version> answer_version(const mqtt::Frame& frame) {
  const std::string_view body = as_text(frame.body);
  if (body.starts_with(std::string_view("\0\6MQIsdp", 8))) return Version::v31;
  if (!body.starts_with(std::string_view("\0\4MQTT", 6)) || body.size() < 7) return std::nullopt;
  return body[6] > static_cast<char>(Version::v311) ? Version::v5 : Version::v311;
}

std::uint32_t session_expiry(const mqtt::Connect& packet, std::uint32_t limit) {
  const std::uint32_t asked =
      packet.version == Version::v5
          ? packet.properties.number(PropertyId::session_expiry_interval).value_or(0)
          : (packet.clean_start ? 0 : UINT32_MAX);
  return std::min(asked, limit);
}

Will make_will(const mqtt::Will& will) {
  mqtt::PropertyWriter properties;  // what is the will's and not the message's is left out
  for (auto at = will.properties.begin(); at != will.properties.end(); ++at) {
    if (at->id != PropertyId::will_delay_interval &&
        at->id != PropertyId::message_expiry_interval) {
      properties.encoded(at.encoded());
    }
  }
  Will made;
  made.message = MessageRef::make(will.topic, properties.view(), will.payload, will.qos,
                                  will.retain, MonoTime::max());
  made.delay_s = will.properties.number(PropertyId::will_delay_interval).value_or(0);
  made.expiry_s = will.properties.number(PropertyId::message_expiry_interval);
  return made;
}

}  // namespace

std::optional<Reason> Shard::check_connect(const Connection& connection,
                                           const mqtt::Connect& packet) const {
  const Settings& settings = *connection.settings;
  if (packet.version == Version::v5 && packet.properties.has(PropertyId::authentication_method)) {
    return Reason::bad_authentication_method;  // none is configured [MQTT-4.12.0-1]
  }
  if (!settings.allow_anonymous) {
    return packet.user_name ? Reason::bad_user_name_or_password : Reason::not_authorized;
  }
  if (packet.client_id.empty() && !settings.allow_empty_client_id)
    return Reason::client_identifier_not_valid;
  if (packet.will) {
    if (packet.will->retain && !settings.retain_available) return Reason::retain_not_supported;
    if (packet.will->qos > settings.qos_max) return Reason::qos_not_supported;
    if (packet.will->topic.starts_with("$SYS/")) return Reason::topic_name_invalid;
  }
  if (is_full(connection)) return Reason::quota_exceeded;
  const bool is_recorded = packet.will || session_expiry(packet, settings.session_expiry_max_s) > 0;
  if (is_recorded && what_is_held_ == Held::records) return Reason::server_busy;
  return std::nullopt;
}

void Shard::refuse_connect(Connection& connection, Reason reason) {
  log_refused(connection, reason);
  write(connection, mqtt::Connack{.reason = reason});
  close(connection);
}

void Shard::on_connect(Connection& connection, const mqtt::Frame& frame) {
  const auto packet = mqtt::decode_connect(frame);
  if (!packet) {
    const auto version = packet.error() == Reason::unsupported_protocol_version
                             ? answer_version(frame)
                             : mqtt::connect_version(frame);
    if (!version) return close(connection);
    connection.version = *version;
    const bool has_return_code = packet.error() == Reason::unsupported_protocol_version ||
                                 packet.error() == Reason::client_identifier_not_valid;
    if (*version == Version::v5 || has_return_code)
      return refuse_connect(connection, packet.error());
    return close(connection);
  }
  connection.version = packet->version;
  if (const auto reason = check_connect(connection, *packet))
    return refuse_connect(connection, *reason);
  std::string client_id(packet->client_id);
  if (client_id.empty()) {
    client_id = fmt::format("{}{:016x}{:08x}", connection.settings->client_id_prefix,
                            options_.name_seed, ++assigned_ids_);
  }
  take_limits(connection, *packet);
  if (!takes_connack(connection, *packet, client_id))
    return refuse_connect(connection, Reason::packet_too_large);
  const Directory::Place place = directory_.claim(client_id, placer_.choose());
  if (place.shard == options_.index)
    return connect_here(connection, *packet, std::move(client_id), place.claim);
  hand_over(connection, place.shard,
            AdoptMail{connection.transport, connection.listener, std::move(client_id), place.claim,
                      std::string(as_text(fresh_input_))});
}

void Shard::adopt(AdoptMail mail) {
  Connection& connection = accept(mail.transport, mail.listener);
  --counters_.connections_accepted;
  const mqtt::FrameResult frame =
      mqtt::next_frame(as_bytes(mail.input), settings_.packet_bytes_max);
  MQZ_CHECK(frame.status == mqtt::FrameStatus::complete);
  const auto packet = mqtt::decode_connect(frame.frame);
  MQZ_CHECK(packet.has_value());
  connection.version = packet->version;
  take_limits(connection, *packet);
  connect_here(connection, *packet, std::move(mail.client_id), mail.claim);
  connection.partial = mail.input.substr(frame.frame.bytes);
  connection.input_waits = !connection.partial.empty();
  touch(connection);  // the loop has to learn of it
}

// What concerns this connection alone, from the CONNECT's fields and properties (3.1.2.11).
void Shard::take_limits(Connection& connection, const mqtt::Connect& packet) {
  const auto& properties = packet.properties;
  connection.receive_max =
      static_cast<std::uint16_t>(properties.number(PropertyId::receive_maximum).value_or(65'535));
  connection.packet_bytes_max =
      properties.number(PropertyId::maximum_packet_size).value_or(UINT32_MAX);
  connection.alias_out_max = std::min(
      static_cast<std::uint16_t>(properties.number(PropertyId::topic_alias_maximum).value_or(0)),
      connection.settings->topic_alias_out_max);
  connection.problem_information =
      properties.number(PropertyId::request_problem_information).value_or(1) != 0;
  connection.response_information_wanted =
      properties.number(PropertyId::request_response_information).value_or(0) != 0;
  std::uint16_t keep_alive = packet.keep_alive_s;
  if (packet.version == Version::v5 && settings_.keep_alive_max_s != 65'535 &&
      (keep_alive == 0 || keep_alive > settings_.keep_alive_max_s)) {
    keep_alive = settings_.keep_alive_max_s;
    connection.keep_alive_told = true;
  }
  connection.keep_alive_s = keep_alive;
  connection.expiry_asked_s = properties.number(PropertyId::session_expiry_interval).value_or(0);
  connection.id_assigned = packet.client_id.empty();
  connection.is_bridge = packet.bridge;
}

void Shard::connect_here(Connection& connection, const mqtt::Connect& packet, std::string client_id,
                         std::uint64_t claim) {
  ConnectRecord record{};
  record.expiry_s = session_expiry(packet, settings_.session_expiry_max_s);
  record.durable = record.expiry_s > 0;
  record.clean_start = packet.clean_start;
  record.claim = claim;
  record.shard = options_.index;
  record.client_id = std::move(client_id);
  record.window = MQZ_RULE(receive_maximum)
                      ? std::min(connection.receive_max, settings_.inflight_max)
                      : settings_.inflight_max;
  if (packet.will) record.will = make_will(*packet.will);
  const Session* existing = client_sessions_.find(record.client_id);
  connection.state = ConnectionState::connecting;
  if (record.durable || record.will || (existing != nullptr && existing->recorded) ||
      connects_proposed_.contains(record.client_id)) {
    connects_proposed_.insert(record.client_id);
    return propose({.connection = connection.id, .what = std::move(record)});
  }
  open(connection, record);
}

// The old connection ends here and now, in the middle of the new one's CONNECT; what its end means
// for the session is decided at once. A will that has a delay is not published: the client is back
// (3.1.3.2.2).
void Shard::take_over(Session& session) {
  Connection& old = *session.connection;
  log_end(old, mqtt::reason_text(Reason::session_taken_over));
  session.connection = nullptr;
  old.session = nullptr;
  MQZ_RULE(takeover_is_told) ? refuse(old, Reason::session_taken_over)  // [MQTT-3.1.4-3]
                             : close(old);
  if (session.expiry_s == 0) return disconnected(session, {.expiry_s = 0});
  if (session.will && session.will->delay_s == 0) fire_will(session);
}

// The client's session, if it has one that goes on, without the connection that it had.
Session* Shard::displace(std::string_view client_id) {
  Session* session = client_sessions_.find(client_id);
  if (session == nullptr) return nullptr;
  if (session->connection != nullptr) {
    take_over(*session);
    return client_sessions_.find(client_id);  // one that ended with its connection is gone
  }
  if (session->expiry_s == 0) {
    end_session(*session);
    return nullptr;
  }
  // Its connection was lost, but the record of that comes only after this one, and is void then.
  // A will that waits since a restart is withdrawn.
  if (session->is_online && session->will && session->will->delay_s == 0) fire_will(*session);
  return session;
}

// The CONNECT takes effect, for the session alone: as far as its record says.
Shard::Begun Shard::begin_session(const ConnectRecord& record) {
  Session* session = displace(record.client_id);
  const bool resumes = session != nullptr && !(MQZ_RULE(clean_start) && record.clean_start);
  if (session != nullptr && !resumes) {
    end_session(*session);
    session = nullptr;
  }
  if (session == nullptr) session = &make_session(record);
  session->begin_use(record);
  return {*session, resumes};
}

// The CONNECT takes effect: at once, or where its record is applied.
void Shard::open(Connection& connection, const ConnectRecord& record) {
  const auto [session, resumes] = begin_session(record);
  session.connection = &connection;
  connection.session = &session;
  connection.state = ConnectionState::open;
  if (connection.input_waits) touch(connection);
  arm_keep_alive(connection);
  write_connack(connection, MQZ_RULE(session_present) && resumes);
  log_open(connection);
  resume(session);
}

// The client did not wait for its CONNACK. Its record has its place all the same.
void Shard::connect_abandoned(const ConnectRecord& record) {
  const auto [session, resumes] = begin_session(record);
  if (!session.recorded) return end_session(session);
  propose(
      {.session = session.id,
       .what = DisconnectRecord{.claim = record.claim,
                                .expiry_s = record.expiry_s,
                                .time = now_.wall,
                                .sent_until = session.durable ? session.send.sent_until() : 0}});
}

// What the client has to know (3.2.2.3); before version 5 nothing.
mqtt::PropertyWriter Shard::connack_properties(const Connection& connection,
                                               std::string_view client_id,
                                               std::uint32_t expiry_s) const {
  mqtt::PropertyWriter properties;
  if (connection.version == Version::v5) {
    const auto tell = [&](bool differs, PropertyId id, std::uint32_t value) {
      if (differs) properties.number(id, value);
    };
    tell(expiry_s != connection.expiry_asked_s, PropertyId::session_expiry_interval, expiry_s);
    tell(settings_.receive_max != 65'535, PropertyId::receive_maximum, settings_.receive_max);
    tell(connection.settings->qos_max != mqtt::Qos::exactly_once, PropertyId::maximum_qos,
         static_cast<std::uint32_t>(connection.settings->qos_max));
    tell(!settings_.retain_available, PropertyId::retain_available, 0);
    tell(settings_.packet_bytes_max < mqtt::packet_bytes_max, PropertyId::maximum_packet_size,
         static_cast<std::uint32_t>(settings_.packet_bytes_max));
    if (connection.id_assigned) properties.text(PropertyId::assigned_client_identifier, client_id);
    tell(connection.settings->topic_alias_max != 0, PropertyId::topic_alias_maximum,
         connection.settings->topic_alias_max);
    tell(connection.keep_alive_told, PropertyId::server_keep_alive, connection.keep_alive_s);
    if (connection.response_information_wanted) {
      properties.text(PropertyId::response_information, fmt::format("response/{}", client_id));
    }
  }
  return properties;
}

// Without its properties a CONNACK would say something else, so it is all of it or nothing.
bool Shard::takes_connack(const Connection& connection, const mqtt::Connect& packet,
                          std::string_view client_id) const {
  if (connection.packet_bytes_max == UINT32_MAX) return true;
  const auto properties = connack_properties(
      connection, client_id, session_expiry(packet, settings_.session_expiry_max_s));
  const mqtt::Connack connack{.properties = properties.view()};
  return mqtt::encoded_size(connack, connection.version) <= connection.packet_bytes_max;
}

void Shard::write_connack(Connection& connection, bool session_present) {
  const Session& session = *connection.session;
  const auto properties = connack_properties(connection, session.client_id, session.expiry_s);
  write(connection,
        mqtt::Connack{.session_present = session_present, .properties = properties.view()});
}

void Shard::on_disconnect(Connection& connection, const mqtt::Frame& frame) {
  const auto packet = mqtt::decode_disconnect(frame, connection.version);
  if (!packet) return refuse(connection, packet.error());
  if (const Reason reason = mqtt::check_from_client(*packet); reason != Reason::success) {
    return refuse(connection, reason);
  }
  Session& session = *connection.session;
  if (const auto expiry = packet->properties.number(PropertyId::session_expiry_interval)) {
    // A session that was to end with its connection cannot be prolonged [MQTT-3.14.2-3].
    if (session.expiry_s == 0 && *expiry != 0) return refuse(connection, Reason::protocol_error);
    connection.expiry_on_disconnect_s = std::min(*expiry, settings_.session_expiry_max_s);
  }
  // Only 0x00 discards the will: 0x04 asks for it, an error leaves it [MQTT-3.14.4-3].
  connection.will_wanted = packet->reason != Reason::success;
  connection.closed_by_client = true;
  log_end(connection, "disconnected");
  close(connection);
}

void Shard::on_auth(Connection& connection, const mqtt::Frame& frame) {
  const auto packet = mqtt::decode_auth(frame, connection.version);
  // Nobody connected with an authentication method, so nobody may send this [MQTT-4.12.1-1].
  refuse(connection, packet ? Reason::protocol_error : packet.error());
}

}  // namespace mqz::broker
