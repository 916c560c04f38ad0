// Writes a PUBLISH for one receiver straight into its outbox (3.3).
#pragma once

#include <cstdint>
#include <span>

#include "lib/broker/connection.h"
#include "lib/broker/routed.h"

namespace mqz::broker {

// What differs from receiver to receiver.
struct PublishForm {
  mqtt::Qos qos{};
  bool retain = false;
  bool dup = false;
  std::uint16_t packet_id = 0;
  std::span<const std::uint32_t> identifiers{};  // subscription identifiers, version 5 only
};

// False, and nothing written, when the packet would exceed what the client accepts (its Maximum
// Packet Size, 3.1.2.11.4). `now` turns the expiry deadline into the seconds that are left.
bool write_publish(Connection& to, Routed& message, const PublishForm& form, MonoTime now);

}  // namespace mqz::broker
