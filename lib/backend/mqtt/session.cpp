// Opening, closing, time, and requests that are not publishes.
#include "lib/backend/mqtt/session.h"

#include <algorithm>
#include <utility>

namespace mqz::backend {
namespace {

constexpr std::size_t request_id_base = Inflight::window_max + 1;

}  // namespace

MqttSession::MqttSession(ConnectOptions options, PubSubEvents& events)
    : options_(std::move(options)),
      events_(events),
      may_fall_back_(!options_.version_pinned && options_.version == mqtt::Version::v5) {}

void MqttSession::open(std::string_view where, MonoTime now) {
  now_ = sent_at_ = received_at_ = now;
  where_ = where;
  ending_.reset();
  state_ = State::connecting;
  mqtt::Connect connect;
  connect.version = options_.version;
  // Before 5 a session without an identifier cannot be kept [MQTT-3.1.3-7].
  clean_start_sent_ =
      options_.clean_start || (options_.version != mqtt::Version::v5 && options_.client_id.empty());
  connect.clean_start = clean_start_sent_;
  connect.keep_alive_s = options_.keep_alive_s;
  connect.client_id = options_.client_id;
  connect.user_name = options_.user_name;
  if (options_.password) connect.password = as_bytes(*options_.password);
  if (options_.will) {
    const WillOptions& will = *options_.will;
    connect.will = mqtt::Will{will.topic, as_bytes(will.payload), will.qos, will.retain, {}};
    if (options_.version == mqtt::Version::v5) connect.will->properties = will.properties.view();
  }
  if (options_.version == mqtt::Version::v5) connect.properties = options_.properties.view();
  encode(connect, outbox_.grow(encoded_size(connect)));
  trace(true, mqtt::PacketType::connect);
}

void MqttSession::close(ClosedBy whom) {
  if (whom == ClosedBy::peer && state_ == State::connecting && !ending_ && try_older_version()) {
    ending_ = Ending{Ending::Kind::again_at_once, mqtt::Reason::success, {}, true};
  }
  state_ = State::closed;
  outbox_.clear();
  bytes_wanted_ = 0;
  pinged_at_.reset();
  aliases_.clear();
  requests_.clear();
  resend_.clear();
  on_the_wire_ = 0;
}

bool MqttSession::try_older_version() {
  if (!std::exchange(may_fall_back_, false)) return false;
  options_.version = mqtt::Version::v311;
  return true;
}

void MqttSession::tick(MonoTime now, bool reading) {
  now_ = now;
  if (state_ != State::connected || ending_) return;
  resend();
  if (limits_.keep_alive_s == 0) return;
  const auto patience = std::chrono::seconds(limits_.keep_alive_s);
  if (pinged_at_ && reading) {
    if (now - *pinged_at_ < patience) return;
    ending_ = Ending{Ending::Kind::broken, mqtt::Reason::keep_alive_timeout,
                     "no answer to a ping for " + std::to_string(patience.count()) + " s", true};
  } else if (now - pinged_at_.value_or(std::min(sent_at_, received_at_)) >= patience) {
    outbox_.append(mqtt::pingreq_bytes);
    pinged_at_ = now;
    trace(true, mqtt::PacketType::pingreq);
  }
}

std::optional<MonoTime> MqttSession::deadline() const {
  if (state_ != State::connected || limits_.keep_alive_s == 0) return std::nullopt;
  return pinged_at_.value_or(std::min(sent_at_, received_at_)) +
         std::chrono::seconds(limits_.keep_alive_s);
}

std::uint16_t MqttSession::take_request_id(Request kind) {
  auto place = std::find(requests_.begin(), requests_.end(), Request::none);
  if (place == requests_.end()) place = requests_.insert(place, Request::none);
  *place = kind;
  return static_cast<std::uint16_t>(request_id_base +
                                    static_cast<std::size_t>(place - requests_.begin()));
}

Result<std::uint16_t> MqttSession::subscribe(Bytes entries, mqtt::PropertyView properties) {
  if (state_ != State::connected || ending_) return fail(ErrorCode::unavailable, "not connected");
  if (options_.version != mqtt::Version::v5) properties = {};
  const mqtt::Subscribe packet{take_request_id(Request::subscribe), properties, entries};
  send(packet);
  trace(true, mqtt::PacketType::subscribe);
  return packet.packet_id;
}

Result<std::uint16_t> MqttSession::unsubscribe(Bytes filters, mqtt::PropertyView properties) {
  if (state_ != State::connected || ending_) return fail(ErrorCode::unavailable, "not connected");
  if (options_.version != mqtt::Version::v5) properties = {};
  const mqtt::Unsubscribe packet{take_request_id(Request::unsubscribe), properties, filters};
  send(packet);
  trace(true, mqtt::PacketType::unsubscribe);
  return packet.packet_id;
}

void MqttSession::receive_request_ack(const mqtt::Frame& frame) {
  const auto ack = decode_subscribe_ack(frame, options_.version);
  if (!ack) return break_off(ack.error(), "malformed " + std::string(packet_name(frame.type)));
  const Request kind =
      ack->type == mqtt::PacketType::suback ? Request::subscribe : Request::unsubscribe;
  const std::size_t index = ack->packet_id - request_id_base;  // wraps to a large number below it
  if (index >= requests_.size() || requests_[index] != kind) {
    return break_off(mqtt::Reason::protocol_error, "an answer to no request");
  }
  requests_[index] = Request::none;
  if (kind == Request::subscribe) {
    events_.on_subscribed(ack->packet_id, ack->reasons);
  } else {
    events_.on_unsubscribed(ack->packet_id, ack->reasons);
  }
}

void MqttSession::disconnect(mqtt::Reason reason, mqtt::PropertyView properties) {
  if (state_ == State::connected) {
    if (options_.version != mqtt::Version::v5) properties = {};
    send(mqtt::Disconnect{reason, properties});
    trace(true, mqtt::PacketType::disconnect);
  }
  ending_ = Ending{Ending::Kind::finished, reason, {}, false};
}

void MqttSession::break_off(mqtt::Reason reason, std::string text) {
  if (state_ == State::connected && options_.version == mqtt::Version::v5) {
    send(mqtt::Disconnect{reason, {}});
    trace(true, mqtt::PacketType::disconnect);
  }
  ending_ = Ending{Ending::Kind::broken, reason, std::move(text), false};
}

void MqttSession::trace(bool sent, mqtt::PacketType type, std::string_view detail) {
  if (!options_.trace) return;
  std::string text(packet_name(type));
  if (!detail.empty()) text.append(" ").append(detail);
  events_.on_packet(sent, text);
}

}  // namespace mqz::backend
