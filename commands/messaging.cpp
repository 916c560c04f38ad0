#include "commands/messaging.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

#include "commands/messaging_server.h"
#include "commands/mqtt_property.h"
#include "commands/password.h"
#include "lib/backend/mqtt/paho_client.h"
#include "lib/backend/redis/client.h"
#include "lib/mqtt/topic.h"
#include "lib/os/random.h"

namespace mqz::commands {
namespace {

using mqtt::PropertyId;
using mqtt::Version;

constexpr std::uint32_t for_ever = 0xFFFF'FFFF;

Checked<void> read_bind(const Parsed& parsed, Messaging& to) {
  if (!parsed.has("bind")) return {};
  const std::string& origin = parsed.origin("bind");
  if (to.carrier == Messaging::Carrier::websocket || !to.client.servers.front().unix_path.empty()) {
    return stop(Exit::usage, fmt::format("{} does not go with ws:// and Unix sockets", origin));
  }
  auto addresses = os::resolve_at_once(parsed.text("bind"), 0);
  if (!addresses || !*addresses) {
    return stop(Exit::usage, fmt::format("{}: '{}' is not an address of this machine, as 192.0.2.1",
                                         origin, parsed.text("bind")));
  }
  to.client.from = std::move(**addresses);
  for (os::Address& address : to.client.from) address.text = parsed.text("bind");
  return {};
}

// What CONNECT has room for: a length of two bytes (1.5.4, 1.5.6).
Checked<void> check_connect_text(const Parsed& parsed, std::string_view flag, bool is_text = true) {
  const std::string_view value = parsed.text(flag);
  if (value.size() > 65'535)
    return stop(Exit::usage, fmt::format("{}: longer than 65535 bytes", parsed.origin(flag)));
  if (is_text && !mqtt::is_valid_utf8(value))
    return stop(Exit::usage, fmt::format("{}: not UTF-8 text", parsed.origin(flag)));
  return {};
}

Checked<void> read_login(const Parsed& parsed, Messaging& to) {
  backend::ConnectOptions& connect = to.client.connect;
  if (auto good = check_connect_text(parsed, "username"); !good) return good;
  if (parsed.has("username")) connect.user_name = parsed.text("username");
  if (parsed.has("password-file") && parsed.source("password-file") >= parsed.source("password")) {
    auto password = read_password_file(std::string(parsed.text("password-file")));
    if (!password) return tl::unexpected(password.error());
    connect.password = std::move(*password);
  } else if (parsed.text("password") == "-") {
    auto password = ask_password(to.client.servers.front().text());
    if (!password) return tl::unexpected(password.error());
    connect.password = std::move(*password);
  } else if (parsed.has("password")) {
    connect.password = parsed.text("password");
  }
  if (connect.password && connect.password->size() > 65'535)
    return stop(Exit::usage, "the password is longer than 65535 bytes");
  return {};
}

Version to_version(std::string_view choice) {
  if (choice == "31" || choice == "mqttv31") return Version::v31;
  if (choice == "311" || choice == "mqttv311") return Version::v311;
  return Version::v5;
}

Checked<void> read_session(const Parsed& parsed, Messaging& to) {
  backend::ConnectOptions& connect = to.client.connect;
  connect.version_pinned = parsed.has("protocol-version");
  connect.version = to_version(parsed.text("protocol-version"));
  connect.clean_start = !parsed.flag("disable-clean-session");
  connect.keep_alive_s =
      static_cast<std::uint16_t>((parsed.duration("keepalive").count() + 999) / 1000);
  for (const std::string_view flag : {"id", "id-prefix"}) {
    if (auto good = check_connect_text(parsed, flag); !good) return good;
  }
  if (parsed.has("id")) connect.client_id = parsed.text("id");
  if (parsed.has("id-prefix") && !parsed.has("id")) {
    connect.client_id = fmt::format("{}{}", parsed.text("id-prefix"), ::getpid());
  }
  if (!connect.clean_start && connect.client_id.empty()) {
    return stop(Exit::usage, "a kept session needs a name: --disable-clean-session needs --id");
  }
  if (connect.client_id.empty() && connect.version == Version::v31) {
    connect.client_id = "mqz-" + os::random_text(12);
  }
  if (parsed.has("session-expiry-interval")) {
    connect.properties.number(
        PropertyId::session_expiry_interval,
        static_cast<std::uint32_t>(parsed.integer("session-expiry-interval")));
    return require_version_5(parsed, to, parsed.origin("session-expiry-interval"));
  }
  return {};
}

// A kept session is kept for ever unless something says how long.
Checked<void> read_expiry(const Parsed&, Messaging& to) {
  backend::ConnectOptions& connect = to.client.connect;
  if (!connect.clean_start && !connect.properties.view().has(PropertyId::session_expiry_interval)) {
    connect.properties.number(PropertyId::session_expiry_interval, for_ever);
  }
  return {};
}

Checked<void> read_will(const Parsed& parsed, Messaging& to) {
  if (!parsed.has("will-topic")) {
    for (const std::string_view flag : {"will-payload", "will-retain"}) {
      if (parsed.has(flag)) {
        return stop(Exit::usage, fmt::format("{} needs --will-topic", parsed.origin(flag)));
      }
    }
    return {};
  }
  if (auto good = check_topic(parsed.origin("will-topic"), parsed.text("will-topic")); !good) {
    return good;
  }
  if (auto good = check_connect_text(parsed, "will-payload", false); !good) return good;
  backend::WillOptions will;
  will.topic = parsed.text("will-topic");
  will.payload = parsed.text("will-payload");
  will.qos = to_qos(parsed.text("will-qos"));
  will.retain = parsed.flag("will-retain");
  to.client.connect.will = std::move(will);
  return {};
}

mqtt::PropertyWriter* properties_of(std::string_view packet, Messaging& to) {
  if (packet == "connect") return &to.client.connect.properties;
  if (packet == "publish") return &to.publish;
  if (packet == "subscribe") return &to.subscribe;
  if (packet == "unsubscribe") return &to.unsubscribe;
  if (packet == "disconnect") return &to.disconnect;
  if (packet == "will" && to.client.connect.will) return &to.client.connect.will->properties;
  return nullptr;
}

Checked<void> read_properties(const Parsed& parsed, Messaging& to) {
  for (const std::string& words : parsed.texts("property")) {
    auto property = read_property_words(words);
    if (!property) return tl::unexpected(property.error());
    mqtt::PropertyWriter* writer = properties_of(property->packet, to);
    if (writer == nullptr) {
      return stop(Exit::usage, fmt::format("--property {}: no such packet here", property->packet),
                  property->packet == "will" ? "give --will-topic too"
                                             : "connect, publish, subscribe, unsubscribe, "
                                               "disconnect and will have properties");
    }
    const auto origin = fmt::format("--property {} {}", property->packet, property->name);
    if (auto added = add_property(origin, *property, *writer); !added) return added;
  }
  if (parsed.texts("property").empty()) return {};
  return require_version_5(parsed, to, "--property");
}

// What Redis has no word for. Not every command has every flag.
constexpr std::string_view not_for_redis[] = {
    "retain",
    "wait",
    "verify",
    "response-topic",
    "content-type",
    "correlation-data",
    "expiry",
    "user-property",
    "property",
    "will-topic",
    "id",
    "id-prefix",
    "disable-clean-session",
    "session-expiry-interval",
    "protocol-version",
    "group",
    "unsubscribe",
    "retained-only",
    "remove-retained",
    "retain-as-published",
    "retain-handling",
    "no-local",
};

Checked<void> check_for_redis(const Parsed& parsed, Messaging& to) {
  if (to.carrier != Messaging::Carrier::redis) return {};
  for (const std::string_view name : not_for_redis) {
    const Option* option = find_option(parsed.command(), name);
    if (option == nullptr || !parsed.typed(name)) continue;
    return stop(Exit::usage, fmt::format("--{} does not go with redis://", name),
                "Redis carries channel and payload, and keeps nothing");
  }
  if (parsed.text("qos") == "0") return {};
  return stop(Exit::usage, "--qos does not go with redis://",
              "Redis answers every message sent, and keeps none for who is away");
}

// The server may then leave topics out, which Paho does not fill in.
Checked<void> check_for_websocket(const Parsed&, Messaging& to) {
  if (to.carrier != Messaging::Carrier::websocket) return {};
  if (!to.client.connect.properties.view().has(PropertyId::topic_alias_maximum)) return {};
  return stop(Exit::usage, "--property connect topic-alias-maximum does not go with ws://");
}

}  // namespace

Stop stop_for_connection(const Error& error, Messaging::Carrier carrier) {
  Stop result = stop_for(error);
  if (carrier == Messaging::Carrier::redis) return result;
  if (result.hint.empty() && result.text.find("Connection refused") != std::string::npos) {
    result.hint = "is a broker running there? `mqz broker` starts one";
  }
  return result;
}

mqtt::Qos to_qos(std::string_view choice) {
  return choice == "2"   ? mqtt::Qos::exactly_once
         : choice == "1" ? mqtt::Qos::at_least_once
                         : mqtt::Qos::at_most_once;
}

Checked<void> require_version_5(const Parsed& parsed, Messaging& messaging, std::string_view flag) {
  if (messaging.client.connect.version != Version::v5) {
    return stop(Exit::usage,
                fmt::format("{} needs MQTT 5, but {} says {}", flag,
                            parsed.origin("protocol-version"), parsed.text("protocol-version")));
  }
  messaging.client.connect.version_pinned = true;
  return {};
}

Checked<void> check_topic(std::string_view origin, std::string_view topic) {
  if (mqtt::is_valid_topic(topic)) return {};
  if (topic.empty()) return stop(Exit::usage, fmt::format("{}: the topic is empty", origin));
  const std::size_t wildcard = topic.find_first_of("+#");
  if (wildcard != std::string_view::npos) {
    return stop(Exit::usage,
                fmt::format("{} '{}': '{}' at position {} is a wildcard; only mqz sub takes those",
                            origin, topic, topic[wildcard], wildcard + 1));
  }
  if (topic.size() > 65'535) {
    return stop(Exit::usage, fmt::format("{}: a topic has at most 65535 bytes", origin));
  }
  return stop(Exit::usage, fmt::format("{}: the topic is not UTF-8 text", origin));
}

Result<std::unique_ptr<backend::PubSub>> make_client(const Messaging& messaging, os::Poller& poller,
                                                     backend::PubSubEvents& events) {
  const backend::ConnectOptions& connect = messaging.client.connect;
  switch (messaging.carrier) {
    case Messaging::Carrier::mqtt:
      return std::make_unique<backend::MqttClient>(poller, messaging.client, events);
    case Messaging::Carrier::websocket:
      return backend::PahoClient::open(poller, {messaging.client, messaging.web_path}, events);
    case Messaging::Carrier::redis:
      return std::make_unique<backend::RedisClient>(
          poller, messaging.client,
          backend::RedisOptions{connect.user_name, connect.password, messaging.database,
                                connect.keep_alive_s, connect.inflight_max},
          events);
  }
  return fail(ErrorCode::invalid, "no such carrier");
}

Checked<Messaging> read_messaging(const Parsed& parsed) {
  Messaging messaging;
  messaging.client.connect_timeout = parsed.duration("connect-timeout");
  messaging.client.reconnect = !parsed.flag("no-reconnect");
  messaging.client.delay_max = parsed.duration("max-reconnect-delay");
  messaging.client.delay_first = std::min(messaging.client.delay_first, messaging.client.delay_max);
  messaging.client.connect.trace = parsed.flag("debug");
  for (const auto read : {read_server, read_bind, read_login, read_session, read_will,
                          read_properties, read_expiry, check_for_redis, check_for_websocket}) {
    if (auto done = read(parsed, messaging); !done) return tl::unexpected(done.error());
  }
  return messaging;
}

}  // namespace mqz::commands
