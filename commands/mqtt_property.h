// The words of --property: COMMAND NAME [KEY] VALUE, as mosquitto_pub -D takes them.
#pragma once

#include <string>
#include <string_view>

#include "commands/stop.h"
#include "lib/mqtt/property.h"

namespace mqz::commands {

struct PropertyWords {
  std::string packet{};  // "publish", "connect", "will", ...
  std::string name{};
  std::string key{};  // of a user-property
  std::string value{};
};

Checked<PropertyWords> read_property_words(std::string_view words);

// Adds it to the block of its packet, if the packet may have it once more.
Checked<void> add_property(const PropertyWords& words, mqtt::PropertyWriter& to);

}  // namespace mqz::commands
