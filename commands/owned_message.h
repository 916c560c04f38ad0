// A received message that outlives the call it came with.
#pragma once

#include <ctime>
#include <string>

#include "lib/mqtt/packets.h"

namespace mqz::commands {

struct OwnedMessage {
  explicit OwnedMessage(const mqtt::Publish& message)
      : head(message), topic(message.topic), payload(as_text(message.payload)) {
    for (auto at = message.properties.begin(); at != message.properties.end(); ++at) {
      properties.encoded(at.encoded());
    }
  }
  mqtt::Publish view() const {
    mqtt::Publish message = head;
    message.topic = topic;
    message.payload = as_bytes(payload);
    message.properties = properties.view();
    return message;
  }

  mqtt::Publish head;  // its flags; the views in it are void
  std::string topic;
  std::string payload;
  mqtt::PropertyWriter properties{};
};

}  // namespace mqz::commands
