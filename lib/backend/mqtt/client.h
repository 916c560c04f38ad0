// A client for mqtt:// and Unix sockets.
#pragma once

#include <memory>

#include "lib/backend/client.h"
#include "lib/backend/mqtt/connect_options.h"

namespace mqz::backend {

struct MqttClientOptions : ClientOptions {
  ConnectOptions connect{};
};

std::unique_ptr<PubSub> make_mqtt_client(os::Poller& poller, const MqttClientOptions& options,
                                         PubSubEvents& events);

}  // namespace mqz::backend
