// What a shard tells the operator of its clients.
#include <fmt/format.h>

#include "lib/broker/shard.h"

namespace mqz::broker {
namespace {

std::string_view version_name(mqtt::Version version) {
  switch (version) {
    case mqtt::Version::v31: return "3.1";
    case mqtt::Version::v311: return "3.1.1";
    case mqtt::Version::v5: return "5";
  }
  return "";
}

}  // namespace

bool Shard::is_full(const Connection& connection) const {
  const std::size_t count = options_.connections != nullptr
                                ? options_.connections->load(std::memory_order_relaxed)
                                : connections_.size();
  if (count > settings_.connections_max) return true;
  return options_.listener_connections != nullptr &&
         connection.listener < options_.listeners.size() &&
         options_.listener_connections[connection.listener].load(std::memory_order_relaxed) >
             connection.settings->listener_connections_max;
}

void Shard::count_connection(const Connection& connection, std::ptrdiff_t change) {
  const auto more = static_cast<std::size_t>(change);  // wraps around as unsigned numbers do
  if (options_.connections != nullptr)
    options_.connections->fetch_add(more, std::memory_order_relaxed);
  if (options_.listener_connections != nullptr && connection.listener < options_.listeners.size()) {
    options_.listener_connections[connection.listener].fetch_add(more, std::memory_order_relaxed);
  }
}

bool Shard::logs_connections() const {
  return options_.log != nullptr && options_.log->wants_connections();
}

void Shard::log_open(const Connection& connection) const {
  if (!logs_connections()) return;
  const Session& session = *connection.session;
  options_.log->write(
      LogType::notice,
      fmt::format("client {} connected from {} (MQTT {}, {}, keep-alive {} s)", session.client_id,
                  options_.peer_of != nullptr ? options_.peer_of(connection.transport) : "?",
                  version_name(connection.version), session.durable ? "durable" : "clean",
                  connection.keep_alive_s));
}

void Shard::log_end(const Connection& connection, std::string_view how) const {
  if (!logs_connections() || connection.session == nullptr) return;
  options_.log->write(LogType::notice,
                      fmt::format("client {}: {}", connection.session->client_id, how));
}

void Shard::log_refused(const Connection& connection, mqtt::Reason reason) const {
  if (!logs_connections()) return;
  options_.log->write(
      LogType::notice,
      fmt::format("connection from {} refused: {}",
                  options_.peer_of != nullptr ? options_.peer_of(connection.transport) : "?",
                  mqtt::reason_text(reason)));
}

void Shard::log_drop(const Session& session, std::string_view why, LogType type) const {
  if (options_.log == nullptr || !options_.log->wants(type)) return;
  options_.log->write(type, fmt::format("client {}: message dropped: {} ({} so far)",
                                        session.client_id, why, session.dropped_messages));
}

void Shard::log_subscription(const Session& session, std::string_view filter, int qos) const {
  if (options_.log == nullptr || !options_.log->wants(LogType::subscribe)) return;
  options_.log->write(LogType::subscribe, fmt::format("client {} subscribes to {} at QoS {}",
                                                      session.client_id, filter, qos));
}

}  // namespace mqz::broker
