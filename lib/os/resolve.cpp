// Names and literals to addresses.
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <memory>
#include <optional>

#include "lib/os/resolver.h"
#include "lib/os/sockaddr_text.h"
#include "lib/os/socket.h"

namespace mqz::os {
namespace {

struct FreeAddrinfo {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

Address make_address(const void* sockaddr, std::size_t size) {
  Address address;
  const auto* bytes = static_cast<const std::byte*>(sockaddr);
  address.sockaddr.assign(bytes, bytes + size);
  address.family = static_cast<const struct sockaddr*>(sockaddr)->sa_family;
  address.text = sockaddr_text(address.sockaddr);
  return address;
}

Address make_ipv4(in_addr ip, std::uint16_t port) {
  sockaddr_in raw{};
  raw.sin_family = AF_INET;
  raw.sin_port = htons(port);
  raw.sin_addr = ip;
  return make_address(&raw, sizeof raw);
}

Address make_ipv6(const in6_addr& ip, std::uint16_t port) {
  sockaddr_in6 raw{};
  raw.sin6_family = AF_INET6;
  raw.sin6_port = htons(port);
  raw.sin6_addr = ip;
  return make_address(&raw, sizeof raw);
}

std::optional<Address> parse_literal(const std::string& host, std::uint16_t port) {
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return make_ipv4(v4, port);
  in6_addr v6{};
  if (::inet_pton(AF_INET6, host.c_str(), &v6) == 1) return make_ipv6(v6, port);
  return std::nullopt;
}

Result<std::vector<Address>> ask_resolver(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (code != 0) {
    return fail(ErrorCode::unavailable, "cannot resolve \"" + host + "\": " + ::gai_strerror(code));
  }
  const std::unique_ptr<addrinfo, FreeAddrinfo> owner(list);
  std::vector<Address> addresses;
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    Address address = make_address(at->ai_addr, at->ai_addrlen);
    if (address.family == AF_INET) {
      reinterpret_cast<sockaddr_in*>(address.sockaddr.data())->sin_port = htons(port);
    } else if (address.family == AF_INET6) {
      reinterpret_cast<sockaddr_in6*>(address.sockaddr.data())->sin6_port = htons(port);
    } else {
      continue;
    }
    address.text = sockaddr_text(address.sockaddr);
    addresses.push_back(std::move(address));
  }
  return addresses;
}

std::string without_brackets(std::string_view host) {
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return std::string(host);
}

}  // namespace

std::string sockaddr_text(Bytes sockaddr) {
  if (sockaddr.size() < sizeof(sa_family_t)) return {};
  std::array<char, INET6_ADDRSTRLEN> room{};
  const auto* any = reinterpret_cast<const struct sockaddr*>(sockaddr.data());
  if (any->sa_family == AF_INET && sockaddr.size() >= sizeof(sockaddr_in)) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(sockaddr.data());
    ::inet_ntop(AF_INET, &v4->sin_addr, room.data(), room.size());
    return std::string(room.data()) + ':' + std::to_string(ntohs(v4->sin_port));
  }
  if (any->sa_family == AF_INET6 && sockaddr.size() >= sizeof(sockaddr_in6)) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(sockaddr.data());
    ::inet_ntop(AF_INET6, &v6->sin6_addr, room.data(), room.size());
    return '[' + std::string(room.data()) + "]:" + std::to_string(ntohs(v6->sin6_port));
  }
  if (any->sa_family == AF_UNIX) return "unix socket";
  return "unknown address";
}

std::optional<Result<std::vector<Address>>> resolve_at_once(std::string_view host,
                                                            std::uint16_t port) {
  const std::string name = without_brackets(host);
  if (name.empty()) return fail(ErrorCode::invalid, "the host is empty");
  if (auto literal = parse_literal(name, port)) return std::vector<Address>{std::move(*literal)};
  if (::strcasecmp(name.c_str(), "localhost") == 0) {
    return std::vector<Address>{make_ipv6(in6addr_loopback, port),
                                make_ipv4({htonl(INADDR_LOOPBACK)}, port)};
  }
  return std::nullopt;
}

Result<std::vector<Address>> resolve(std::string_view host, std::uint16_t port) {
  if (auto known = resolve_at_once(host, port)) return std::move(*known);
  return ask_resolver(without_brackets(host), port);
}

// A path too long for the system leaves sockaddr empty; listen_on and start_connect then say so.
Address unix_address(std::string_view path) {
  Address address;
  address.family = AF_UNIX;
  address.text = path;
  sockaddr_un raw{};
  raw.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof raw.sun_path) return address;
  std::memcpy(raw.sun_path, path.data(), path.size());
  const bool abstract = path.front() == '@';
  if (abstract) raw.sun_path[0] = '\0';
  const std::size_t size = offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0U : 1U);
  const auto* bytes = reinterpret_cast<const std::byte*>(&raw);
  address.sockaddr.assign(bytes, bytes + size);
  return address;
}

}  // namespace mqz::os
