// What a configuration file says, checked and complete: plain values for those who start a broker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/broker/settings.h"

namespace mqz::broker {

// One place where connections are accepted, with what may differ from listener to listener.
struct Listener {
  std::string address{};      // host name or IP address; empty: every address of this machine
  std::uint16_t port = 1883;  // 0 with a unix_path
  std::string unix_path{};
  bool is_required = true;  // false: not being able to listen is no error (no IPv6 here)
  std::size_t connections_max = SIZE_MAX;
  mqtt::Qos qos_max = mqtt::Qos::exactly_once;
  std::uint16_t topic_alias_max = 10;      // aliases a client may use
  std::uint16_t topic_alias_out_max = 10;  // aliases we use towards a client
  bool allow_anonymous = false;
  bool allow_empty_client_id = true;
  std::string client_id_prefix = "auto-";
  std::string from{};  // "file:line" where it was asked for; empty for the default ones
};

enum class LogType : std::uint16_t {
  error = 1,
  warning = 2,
  notice = 4,
  information = 8,
  debug = 16,
  subscribe = 32,
  unsubscribe = 64,
  websockets = 128,
  internal = 256,
};

struct Log {
  std::uint16_t types = 0;  // of LogType
  bool to_stderr = false;
  bool to_stdout = false;
  bool to_syslog = false;
  bool to_topic = false;  // $SYS/broker/log/…
  std::string file{};     // empty: none
  bool timestamp = true;
  std::string timestamp_format{};  // strftime's; empty: seconds since 1970
  bool connections = true;         // connection_messages
  bool has(LogType type) const { return (types & static_cast<std::uint16_t>(type)) != 0; }
};

struct Config {
  Settings settings{};  // for the whole broker; see settings_for
  std::vector<Listener> listeners{};
  Log log{};
  bool persistence = true;
  std::string persistence_location{};
  bool salvages_store = false;  // store_recovery salvage
  bool per_listener_settings = false;
  std::size_t inflight_bytes_max = 0;  // QoS 1/2 to a client not yet acknowledged; 0: none
  bool upgrade_outgoing_qos = false;
  bool tcp_nodelay = true;
  std::uint32_t sys_interval_s = 10;  // 0: no $SYS
  std::string pid_file{};
  std::string user{};
};

// The settings of a connection that came in by this listener.
Settings settings_for(const Config& config, const Listener& listener);

}  // namespace mqz::broker
