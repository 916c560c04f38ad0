// What the command line of mqz_load says.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "tests/bench/host.h"

namespace mqz::bench {

struct Options {
  Address address;
  pid_t pid = 0;  // of the broker; 0: neither CPU nor memory is reported
  std::string scenario;
  bool v5 = false;
  double seconds = 4;
  double warm_up_seconds = 0.5;
  double scale = 1;                   // of counts: connections, filters, stored messages
  std::optional<unsigned> window;     // instead of the scenario's
  std::optional<unsigned> linger_us;  // instead of the scenario's
};

inline unsigned scaled(unsigned count, const Options& options) {
  const double value = count * options.scale;
  return value < 1 ? 1U : static_cast<unsigned>(value);
}

}  // namespace mqz::bench
