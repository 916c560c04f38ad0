#include "lib/backend/server.h"

#include <charconv>

namespace mqz::backend {
namespace {

Result<std::uint16_t> parse_port(std::string_view text, std::string_view entry) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0 || port > 65'535) {
    return fail(ErrorCode::invalid, "\"" + std::string(text) + "\" in \"" + std::string(entry) +
                                        "\" is not a port (1 to 65535)");
  }
  return static_cast<std::uint16_t>(port);
}

Result<Server> parse_server(std::string_view entry, std::uint16_t default_port) {
  if (entry.starts_with('/')) return Server{{}, 0, std::string(entry)};
  std::string_view host = entry;
  std::string_view port;
  if (entry.starts_with('[')) {
    const std::size_t close = entry.find(']');
    const std::string_view after = close == std::string_view::npos ? "?" : entry.substr(close + 1);
    if (!after.empty() && after.front() != ':') {
      return fail(ErrorCode::invalid, "\"" + std::string(entry) + "\" is not a host");
    }
    host = entry.substr(1, close - 1);
    if (!after.empty()) port = after.substr(1);
  } else if (entry.find(':') == entry.rfind(':') && entry.find(':') != std::string_view::npos) {
    host = entry.substr(0, entry.find(':'));
    port = entry.substr(entry.find(':') + 1);
  }
  if (host.empty()) return fail(ErrorCode::invalid, "the host is empty");
  Server server{std::string(host), default_port, {}};
  if (host.size() < entry.size() && !entry.ends_with(']')) {
    auto parsed = parse_port(port, entry);
    if (!parsed) return tl::unexpected(parsed.error());
    server.port = *parsed;
  }
  return server;
}

}  // namespace

std::string Server::text() const {
  if (!unix_path.empty()) return unix_path;
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

Result<std::vector<Server>> parse_servers(std::string_view list, std::uint16_t default_port) {
  std::vector<Server> servers;
  while (true) {
    const std::size_t comma = list.find(',');
    auto server = parse_server(list.substr(0, comma), default_port);
    if (!server) return tl::unexpected(server.error());
    servers.push_back(std::move(*server));
    if (comma == std::string_view::npos) return servers;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace mqz::backend
