// Opens the sockets that a broker's configuration asks for.
#pragma once

#include <cstdint>
#include <vector>

#include "commands/stop.h"
#include "lib/broker/config/config.h"
#include "lib/os/socket.h"

namespace mqz::commands {

struct OpenListeners {
  std::vector<os::Listener> sockets{};
  std::vector<std::uint16_t> of{};  // which of the configuration's listeners each belongs to
};

// A listener may have several addresses, of which one has to do; and all that ask for port 0 have
// the one that the system chose for the first.
Checked<OpenListeners> open_listeners(const broker::Config& config);

}  // namespace mqz::commands
