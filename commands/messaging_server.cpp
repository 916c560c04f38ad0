#include "commands/messaging_server.h"

#include <fmt/core.h>

#include <algorithm>

#include "commands/values.h"
#include "lib/backend/url.h"
#include "lib/os/srv.h"

namespace mqz::commands {
namespace {

constexpr std::uint16_t mqtt_port = 1883;
constexpr std::uint16_t redis_port = 6379;
constexpr std::uint16_t web_port = 80;

// Which of the ways to name a server counts: the one from the strongest source.
std::string_view chosen_way(const Parsed& parsed) {
  std::string_view chosen = "host";
  Source strongest = std::max(parsed.source("host"), parsed.source("port"));
  for (const std::string_view way : {"backend", "unix", "url"}) {
    const Source source = parsed.source(way);
    if (source == Source::nothing || source < strongest) continue;
    if (way == "backend" && source == strongest && source != Source::fallback) continue;
    chosen = way;
    strongest = source;
  }
  return chosen;
}

Checked<void> check_ways(const Parsed& parsed) {
  std::string_view typed;
  for (const std::string_view way : {"host", "url", "unix"}) {
    if (!parsed.typed(way)) continue;
    if (!typed.empty()) {
      return stop(Exit::usage,
                  fmt::format("--{} and --{} both say where the broker is", typed, way),
                  "give one of them");
    }
    typed = way;
  }
  if (typed != "unix" || !parsed.typed("port")) return {};
  return stop(Exit::usage, "--port does not go with --unix: a Unix socket has none");
}

// `hosts` is what `way` says. A port beside it counts for hosts without their own, and must not
// contradict these; one that is set further away, as MQZ_PORT beside --host a:1884, yields.
Checked<void> use_servers(const Parsed& parsed, std::string_view way, std::string_view hosts,
                          std::uint16_t port_by_default, Messaging& to) {
  const std::string origin = parsed.has(way) ? parsed.origin(way) : fmt::format("--{}", way);
  auto servers = backend::parse_servers(hosts, 0);
  if (!servers) {
    return stop(Exit::usage, fmt::format("{}: {}", origin, servers.error().text));
  }
  const bool has_port =
      parsed.has("port") && (way == "host" || parsed.source("port") >= parsed.source(way));
  const auto port = has_port ? static_cast<std::uint16_t>(parsed.integer("port")) : port_by_default;
  for (backend::Server& server : *servers) {
    if (!server.unix_path.empty()) continue;
    if (server.port == 0) server.port = port;
    if (server.port != port && has_port && parsed.source("port") >= parsed.source(way)) {
      return stop(Exit::usage,
                  fmt::format("{} {} and {} {} name two ports", origin, server.text(),
                              parsed.origin("port"), port),
                  "give one of them");
    }
  }
  to.client.servers = std::move(*servers);
  return {};
}

// As redis-cli has it: redis://host/2 is database 2.
Checked<void> read_database(std::string_view origin, std::string_view path, Messaging& to) {
  if (path.empty()) return {};
  const auto number = parse_integer(path);
  if (!number || *number < 0 || *number > 0x7FFF'FFFF) {
    return stop(
        Exit::usage,
        fmt::format("{}: behind the host stands the number of a database, not '{}'", origin, path),
        "the channel is -t");
  }
  to.database = static_cast<std::uint32_t>(*number);
  return {};
}

Checked<void> use_url(const Parsed& parsed, std::string_view way, Messaging& to) {
  const std::string& origin = parsed.origin(way);
  auto url = backend::parse_url(parsed.text(way));
  if (!url) return stop(Exit::usage, fmt::format("{}: {}", origin, url.error().text));
  to.client.connect.user_name = url->user;
  to.client.connect.password = url->password;
  if (url->scheme == "unix") {
    to.client.servers = {{{}, 0, '/' + url->path}};
    return {};
  }
  if (url->hosts.empty()) url->hosts = "localhost";
  if (url->scheme == "redis") {
    to.carrier = Messaging::Carrier::redis;
    if (auto read = read_database(origin, url->path, to); !read) return read;
    return use_servers(parsed, way, url->hosts, redis_port, to);
  }
  if (url->scheme == "ws") {
    to.carrier = Messaging::Carrier::websocket;
    to.web_path = url->target.empty() ? "/" : url->target;
    return use_servers(parsed, way, url->hosts, web_port, to);
  }
  if (url->scheme != "mqtt" && url->scheme != "tcp") {
    const bool later = url->scheme == "mqtts" || url->scheme == "wss" || url->scheme == "rediss";
    return stop(Exit::usage,
                fmt::format("{}: {}:// {}", origin, url->scheme,
                            later ? "needs TLS, which comes with a later part"
                                  : "does not carry messages here"),
                "mqtt://, ws://, redis:// and unix:// do");
  }
  to.url_topic = url->path;
  return use_servers(parsed, way, url->hosts, mqtt_port, to);
}

Checked<void> use_domain(const Parsed& parsed, Messaging& to) {
  if (parsed.source("host") == Source::fallback || parsed.has("port")) {
    return stop(Exit::usage,
                "--srv needs a domain in --host, and no --port: that is what is asked for");
  }
  auto records = os::find_srv(fmt::format("_mqtt._tcp.{}", parsed.text("host")));
  if (!records) return tl::unexpected(stop_for(records.error()));
  for (os::SrvRecord& record : *records) {
    to.client.servers.push_back({std::move(record.host), record.port, {}});
  }
  return {};
}

// A backend that was set for other commands is no reason not to publish.
bool is_for_others(const Parsed& parsed) {
  if (parsed.typed("backend")) return false;
  const std::string_view text = parsed.text("backend");
  for (const std::string_view scheme : {"local:", "zk:", "k8s:"}) {
    if (!text.starts_with(scheme)) continue;
    note(parsed.path(), fmt::format("{} {} carries no messages; using --host {}",
                                    parsed.origin("backend"), text, parsed.text("host")));
    return true;
  }
  return false;
}

}  // namespace

Checked<void> read_server(const Parsed& parsed, Messaging& to) {
  if (auto good = check_ways(parsed); !good) return good;
  const std::string_view way = chosen_way(parsed);
  for (const std::string_view flag : {"srv", "ws"}) {
    if (parsed.typed(flag) && parsed.flag(flag) && way != "host") {
      return stop(Exit::usage,
                  fmt::format("--{} goes with --host, not with {}", flag, parsed.origin(way)));
    }
  }
  if (way == "host" || (way == "backend" && is_for_others(parsed))) {
    if (parsed.flag("ws")) {
      to.carrier = Messaging::Carrier::websocket;
      to.web_path = "/mqtt";
    }
    if (parsed.flag("srv")) return use_domain(parsed, to);
    return use_servers(parsed, "host", parsed.text("host"),
                       parsed.flag("ws") ? web_port : mqtt_port, to);
  }
  if (way == "unix") {
    to.client.servers = {{{}, 0, std::string(parsed.text("unix"))}};
    return {};
  }
  return use_url(parsed, way, to);
}

}  // namespace mqz::commands
