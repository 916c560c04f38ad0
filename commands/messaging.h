// From connection flags to what a messaging client needs; shared by the commands that speak to a
// broker as a client.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "commands/parsed.h"
#include "lib/backend/mqtt/client.h"

namespace mqz::commands {

struct Messaging {
  enum class Carrier : unsigned char { mqtt, websocket, redis };

  Carrier carrier = Carrier::mqtt;
  backend::MqttClientOptions client{};
  std::string web_path{};                   // of ws://host/PATH, with its slash
  std::optional<std::uint32_t> database{};  // of redis://host/NUMBER
  std::string url_topic{};                  // from --url mqtt://host/TOPIC; empty when it has none
  mqtt::PropertyWriter publish{};
  mqtt::PropertyWriter subscribe{};
  mqtt::PropertyWriter unsubscribe{};
  mqtt::PropertyWriter disconnect{};
};

// Reads and checks everything; asks for a password on the terminal where that was wished.
Checked<Messaging> read_messaging(const Parsed& parsed);

Result<std::unique_ptr<backend::PubSub>> make_client(const Messaging& messaging, os::Poller& poller,
                                                     backend::PubSubEvents& events);

// Refuses the fall back to 3.1.1, because what was asked for (`flag`) exists in MQTT 5 only.
Checked<void> require_version_5(const Parsed& parsed, Messaging& messaging, std::string_view flag);

// "--topic 'a/#': ..." for what is no topic name, with the place of the wildcard.
Checked<void> check_topic(std::string_view origin, std::string_view topic);

// How a client's connection failed, with what to do about it.
Stop stop_for_connection(const Error& error, Messaging::Carrier carrier);

mqtt::Qos to_qos(std::string_view choice);

}  // namespace mqz::commands
