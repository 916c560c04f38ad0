// MqttSession::send, shared by the session's sources.
#pragma once

#include "lib/backend/mqtt/session.h"
#include "lib/mqtt/encode.h"

namespace mqz::backend {

template <typename Packet>
void MqttSession::send(const Packet& packet) {
  encode(packet, options_.version, outbox_.grow(encoded_size(packet, options_.version)));
}

}  // namespace mqz::backend
