#include "lib/backend/mqtt/client.h"

#include "lib/backend/mqtt/session.h"

namespace mqz::backend {

std::unique_ptr<PubSub> make_mqtt_client(os::Poller& poller, const MqttClientOptions& options,
                                         PubSubEvents& events) {
  return std::make_unique<Client>(poller, options,
                                  std::make_unique<MqttSession>(options.connect, events), events);
}

}  // namespace mqz::backend
