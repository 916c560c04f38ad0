#include "commands/broker_listeners.h"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace mqz::commands {
namespace {

Checked<std::vector<os::Address>> addresses_of(const broker::Listener& listener) {
  if (!listener.unix_path.empty()) return std::vector{os::unix_address(listener.unix_path)};
  if (!listener.address.empty()) {
    auto found = os::resolve(listener.address, listener.port);
    if (!found) {
      Stop failure = stop_for(found.error());
      failure.code = Exit::failed;
      if (!listener.from.empty()) failure.text = fmt::format("{}: {}", listener.from, failure.text);
      return tl::unexpected(failure);
    }
    return *found;
  }
  std::vector<os::Address> all;
  for (const char* any : {"0.0.0.0", "::"}) {
    if (auto found = os::resolve(any, listener.port))
      all.insert(all.end(), found->begin(), found->end());
  }
  return all;
}

}  // namespace

Checked<OpenListeners> open_listeners(const broker::Config& config) {
  OpenListeners open;
  std::uint16_t chosen_port = 0;  // for port 0: the system's choice for the first holds for all
  for (std::size_t index = 0; index < config.listeners.size(); ++index) {
    broker::Listener listener = config.listeners[index];
    if (listener.port == 0 && listener.unix_path.empty()) listener.port = chosen_port;
    auto addresses = addresses_of(listener);
    if (!addresses) return tl::unexpected(addresses.error());
    for (const os::Address& address : *addresses) {
      auto one = os::listen_on(address, config.tcp_nodelay);
      if (!one) {
        const bool is_spare = !listener.is_required || addresses->size() > 1;
        if (is_spare && one.error().code != ErrorCode::conflict) continue;  // no IPv6 here
        Stop failure = stop_for(one.error());
        failure.code = Exit::failed;
        return tl::unexpected(failure);
      }
      if (listener.unix_path.empty()) {
        const std::string& text = one->address.text;
        chosen_port = static_cast<std::uint16_t>(std::stoul(text.substr(text.rfind(':') + 1)));
      }
      open.sockets.push_back(std::move(*one));
      open.of.push_back(static_cast<std::uint16_t>(index));
    }
  }
  if (open.sockets.empty()) return stop(Exit::failed, "no listener could be opened");
  return open;
}

}  // namespace mqz::commands
