#include "commands/connecting_line.h"

#include <fmt/core.h>
#include <unistd.h>

#include <utility>

namespace mqz::commands {
namespace {

constexpr Millis unnoticed{100};

}  // namespace

ConnectingLine::ConnectingLine(std::string path, const Messaging& messaging, bool quiet) {
  if (quiet || messaging.client.connect.trace || ::isatty(STDERR_FILENO) != 1) return;
  std::string servers;
  for (const backend::Server& server : messaging.client.servers) {
    servers += (servers.empty() ? "" : ", ") + server.text();
  }
  text_ = fmt::format("mqz {}: connecting to {} ...", path, servers);
}

void ConnectingLine::begin(MonoTime now) {
  if (!text_.empty()) show_at_ = now + unnoticed;
}

void ConnectingLine::tick(MonoTime now) {
  if (!show_at_ || now < *show_at_) return;
  show_at_.reset();
  is_shown_ = true;
  say(text_);
}

void ConnectingLine::erase() {
  show_at_.reset();
  if (std::exchange(is_shown_, false)) say("\r\x1b[K");
}

}  // namespace mqz::commands
