// How one session is to get a message.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "lib/base/slots.h"
#include "lib/mqtt/types.h"
#include "lib/storage/body_place.h"

namespace mqz::broker {

struct DeliveryForm {
  mqtt::Qos qos{};
  bool retain = false;
  std::span<const std::uint32_t> identifiers{};
  SlotId group{};
  std::string_view filter{};  // the group's, and where the message has its place: see
  std::uint64_t origin = 0;   // DeliveryExtra
  bool is_due = true;         // false: it takes its place, and is not sent
  const storage::BodyPlace* place = nullptr;  // where the journal has the message, if it has
};

}  // namespace mqz::broker
