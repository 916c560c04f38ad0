#include "lib/mqtt/direction.h"

namespace mqz::mqtt {

namespace {

Reason allowed_if(bool condition) { return condition ? Reason::success : Reason::protocol_error; }

// The rows of 3.14.2.1 whose sender is "Client" or "Client or Server".
bool is_client_disconnect_reason(Reason reason) {
  switch (static_cast<unsigned>(reason)) {
    case 0x00:
    case 0x04:
    case 0x80:
    case 0x81:
    case 0x82:
    case 0x83:
    case 0x90:
    case 0x93:
    case 0x94:
    case 0x95:
    case 0x96:
    case 0x97:
    case 0x98:
    case 0x99: return true;
  }
  return false;
}

}  // namespace

bool may_send_client(PacketType type, Version version) {
  switch (type) {
    case PacketType::connect:
    case PacketType::publish:
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
    case PacketType::pingreq:
    case PacketType::disconnect: return true;
    case PacketType::auth: return version == Version::v5;
    case PacketType::connack:
    case PacketType::suback:
    case PacketType::unsuback:
    case PacketType::pingresp: return false;
  }
  return false;
}

bool may_send_server(PacketType type, Version version) {
  switch (type) {
    case PacketType::connack:
    case PacketType::publish:
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
    case PacketType::suback:
    case PacketType::unsuback:
    case PacketType::pingresp: return true;
    case PacketType::disconnect:
    case PacketType::auth: return version == Version::v5;
    case PacketType::connect:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
    case PacketType::pingreq: return false;
  }
  return false;
}

Reason check_from_client(const Publish& packet) {
  return allowed_if(!packet.properties.has(PropertyId::subscription_identifier));
}

Reason check_from_client(const Disconnect& packet) {
  return allowed_if(is_client_disconnect_reason(packet.reason) &&
                    !packet.properties.has(PropertyId::server_reference));
}

Reason check_from_client(const Auth& packet) {
  return allowed_if(packet.reason != Reason::success);
}

Reason check_from_server(const Disconnect& packet) {
  return allowed_if(packet.reason != Reason::disconnect_with_will &&
                    !packet.properties.has(PropertyId::session_expiry_interval));
}

Reason check_from_server(const Auth& packet) {
  return allowed_if(packet.reason != Reason::reauthenticate);
}

}  // namespace mqz::mqtt
