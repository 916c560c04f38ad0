// Who publishes what to whom in a scenario where messages stream.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/load/options.h"

namespace mqz::bench {

struct Subscriber {
  std::vector<std::string> filters;
  unsigned ordinal = 0;  // which of a message's copies this one gets
};

struct Stream {
  std::string topic;
  unsigned publisher = 0;
};

struct StreamPlan {
  std::string name;
  unsigned qos = 0;
  unsigned payload_bytes = 64;
  unsigned publishers = 1;
  unsigned copies = 1;  // deliveries of each message
  unsigned window = 0;  // messages of one publisher that are not yet delivered, or not acknowledged
  // Sockets are read and written this often, on a timer; 0: whenever one is readable.
  unsigned linger_us = 0;
  unsigned rate = 0;              // messages per second in all; 0: as many as the windows let pass
  bool counts_publishes = false;  // the figure is per publish, not per delivery
  bool keeps_sessions = false;    // of both ends, so that the broker keeps their messages too
  std::vector<Subscriber> subscribers;
  std::vector<Stream> streams;
};

// With an empty name for a scenario that is not one of these.
StreamPlan stream_plan(const Options& options);
std::vector<std::string> stream_scenarios();

}  // namespace mqz::bench
