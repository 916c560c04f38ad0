#include "lib/broker/config/config.h"

namespace mqz::broker {

Settings settings_for(const Config& config, const Listener& listener) {
  Settings settings = config.settings;
  settings.listener_connections_max = listener.connections_max;
  settings.qos_max = listener.qos_max;
  settings.topic_alias_max = listener.topic_alias_max;
  settings.topic_alias_out_max = listener.topic_alias_out_max;
  settings.allow_anonymous = listener.allow_anonymous;
  settings.allow_empty_client_id = listener.allow_empty_client_id;
  settings.client_id_prefix = listener.client_id_prefix;
  return settings;
}

}  // namespace mqz::broker
