// What a poller's token points to, where one loop serves several kinds of descriptors.
#pragma once

#include <span>

#include "lib/base/time.h"
#include "lib/os/poller.h"

namespace mqz::os {

class PollTarget {
 public:
  virtual ~PollTarget() = default;
  // A target outlives the turn in which it is removed from the poller: events of the same batch may
  // still reach it.
  virtual void on_poll(const PollEvent& event, MonoTime now) = 0;
};

inline void dispatch(std::span<const PollEvent> events, MonoTime now) {
  for (const PollEvent& event : events) static_cast<PollTarget*>(event.token)->on_poll(event, now);
}

}  // namespace mqz::os
