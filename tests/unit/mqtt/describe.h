// A packet as text that says everything it holds: two packets are equal if their texts are. Used by
// the tests and the fuzzers.
#pragma once

#include <string>

#include "lib/mqtt/decode.h"
#include "lib/mqtt/encode.h"

namespace mqz::mqtt::testing {

std::string describe(const Connect& packet);
std::string describe(const Connack& packet);
std::string describe(const Publish& packet);
std::string describe(const Ack& packet);
std::string describe(const Subscribe& packet);
std::string describe(const Unsubscribe& packet);
std::string describe(const SubscribeAck& packet);
std::string describe(const Disconnect& packet);
std::string describe(const Auth& packet);

// What a decoded frame says, and the bytes it is encoded to again.
struct Seen {
  std::string text{};
  std::string bytes{};
};

template <typename Packet>
Seen see(const Packet& packet, Version version) {
  Seen seen{describe(packet), {}};
  append(seen.bytes, packet, version);
  return seen;
}

inline Seen see(const Connect& packet) {
  Seen seen{describe(packet), {}};
  append(seen.bytes, packet);
  return seen;
}

// Decodes a frame of any type.
Decoded<Seen> see(const Frame& frame, Version version);

}  // namespace mqz::mqtt::testing
