// Which side may send what: the packet types (2.1.2), and inside packets that both sides send, the
// reasons and properties that only one of them may use. The decoders do not know who sent a packet.
#pragma once

#include "lib/mqtt/packets.h"
#include "lib/mqtt/types.h"

namespace mqz::mqtt {

// May a client (or else a server) send this packet type in this version? (3: "Direction of flow")
bool may_send_client(PacketType type, Version version);
bool may_send_server(PacketType type, Version version);

// success, or protocol_error for what a client may not send in a decoded packet: a Subscription
// Identifier [MQTT-3.3.4-6], a server's reason or a Server Reference in DISCONNECT (3.14.2), an
// AUTH that says success (3.15.2.1).
Reason check_from_client(const Publish& packet);
Reason check_from_client(const Disconnect& packet);
Reason check_from_client(const Auth& packet);

// The same for a server: 0x04 or a Session Expiry Interval in DISCONNECT [MQTT-3.14.2-2], 0x19 in
// AUTH.
Reason check_from_server(const Disconnect& packet);
Reason check_from_server(const Auth& packet);

}  // namespace mqz::mqtt
