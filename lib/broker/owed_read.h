// Retained messages that a SUBSCRIBE of a durable session asked for: owed from its record to the
// ReadDoneRecord, which says that all of them have their places. Part of the session's durable
// state; retained_read.h has the search itself.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "lib/mqtt/types.h"

namespace mqz::broker {

struct OwedRead {
  std::uint32_t number = 0;  // of the session, from 1 on
  std::string filter{};
  mqtt::Qos qos{};
  std::uint32_t identifier = 0;
  // Topics whose values the session was given meanwhile: newer ones as they were published, and at
  // QoS 2 what was found. A search that begins again leaves them out.
  std::set<std::string, std::less<>> given{};
};

}  // namespace mqz::broker
