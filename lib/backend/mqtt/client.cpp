#include "lib/backend/mqtt/client.h"

#include <memory>

#include "lib/backend/mqtt/session.h"

namespace mqz::backend {

MqttClient::MqttClient(os::Poller& poller, const MqttClientOptions& options, PubSubEvents& events)
    : Client(poller, options, std::make_unique<MqttSession>(options.connect, events), events) {}

}  // namespace mqz::backend
