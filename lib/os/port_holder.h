// Who holds a listening address, as far as /proc tells: sockets of other users stay nameless.
#pragma once

#include <string>

#include "lib/os/socket.h"

namespace mqz::os {

// "mosquitto (pid 812)", or empty when it cannot be found out.
std::string find_port_holder(const Address& address);

}  // namespace mqz::os
