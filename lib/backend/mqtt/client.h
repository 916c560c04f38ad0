// A client for mqtt:// and Unix sockets.
#pragma once

#include "lib/backend/client.h"
#include "lib/backend/mqtt/connect_options.h"

namespace mqz::backend {

struct MqttClientOptions : ClientOptions {
  ConnectOptions connect{};
};

class MqttClient final : public Client {
 public:
  MqttClient(os::Poller& poller, const MqttClientOptions& options, PubSubEvents& events);
};

}  // namespace mqz::backend
