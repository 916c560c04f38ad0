#include "tests/contract/waiting_client.h"

#include "lib/mqtt/encode.h"
#include "lib/os/clock.h"

namespace mqz::contract {
namespace {

constexpr Millis patience{30'000};

}  // namespace

WaitingClient::WaitingClient(const Options& options) : poller_(std::move(*os::Poller::open())) {
  backend::MqttClientOptions client;
  client.servers = {backend::Server{"127.0.0.1", options.port, {}}};
  client.reconnect = false;
  client.connect_timeout = patience;
  client.connect.client_id = options.client_id;
  client.connect.clean_start = options.clean_start;
  if (options.session_expiry_s != 0) {
    client.connect.properties.number(mqtt::PropertyId::session_expiry_interval,
                                     options.session_expiry_s);
  }
  backend::PubSubEvents& events = *this;
  client_ = std::make_unique<backend::MqttClient>(poller_, client, events);
}

bool WaitingClient::connect() {
  client_->start(os::read_mono());
  return wait_until([this] { return connected_; });
}

bool WaitingClient::subscribe(std::string_view filter, mqtt::Qos qos) {
  std::string entries;
  mqtt::append_entry(entries, mqtt::SubscribeEntry{filter, {.qos = qos}});
  if (ended_ || !client_->subscribe(as_bytes(entries), {})) return false;
  const std::size_t before = subscribed_;
  return wait_until([&] { return subscribed_ != before; });
}

bool WaitingClient::publish(std::string_view topic, std::string_view payload, mqtt::Qos qos,
                            bool retain) {
  if (!wait_until([this] { return client_->has_room(); })) return false;
  mqtt::Publish message;
  message.topic = topic;
  message.qos = qos;
  message.retain = retain;
  message.payload = as_bytes(payload);
  return client_->publish(message).has_value();
}

bool WaitingClient::wait_until(const std::function<bool()>& done) {
  const MonoTime give_up = os::read_mono() + patience;
  while (!done()) {
    MonoTime now = os::read_mono();
    if (ended_ || now >= give_up) return false;
    client_->flush(now);
    const auto ready = poller_.wait(Millis(20));
    now = os::read_mono();
    os::dispatch(ready, now);
    client_->tick(now);
    client_->flush(now);
  }
  return true;
}

bool WaitingClient::wait_for_acknowledgements() {
  return wait_until([this] { return client_->unacknowledged() == 0; });
}

bool WaitingClient::finish() {
  client_->finish(mqtt::Reason::success, {}, os::read_mono(), patience);
  return wait_until([this] { return ended_; }) && error_.empty();
}

void WaitingClient::on_connected(const backend::Connected& connected) {
  connected_ = true;
  session_present_ = connected.session_present;
}

bool WaitingClient::on_message(const mqtt::Publish& message) {
  received_.emplace_back(as_text(message.payload));
  return true;
}

void WaitingClient::on_ended(const Error* why) {
  ended_ = true;
  error_ = why == nullptr ? "" : why->text;
}

}  // namespace mqz::contract
