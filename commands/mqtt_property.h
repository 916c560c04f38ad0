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

// Adds it to the block of its packet, if a client may send it there and it may stand there once
// more. `origin` is the flag that said so, for messages: "--property publish content-type",
// "--content-type".
Checked<void> add_property(std::string_view origin, const PropertyWords& words,
                           mqtt::PropertyWriter& to);

}  // namespace mqz::commands
