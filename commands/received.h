// A message and when it came, as the output forms want it.
#pragma once

#include <ctime>

#include "lib/mqtt/packets.h"

namespace mqz::commands {

struct Received {
  const mqtt::Publish& message;
  std::timespec at{};  // wall clock
};

}  // namespace mqz::commands
