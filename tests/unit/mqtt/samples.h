// Valid packets of every type, version and property, generated.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "lib/mqtt/types.h"

namespace mqz::mqtt::testing {

struct Sample {
  PacketType type{};
  Version version{};
  std::string text{};               // describe() of the packet that was encoded
  std::string bytes{};              // the whole packet
  std::vector<std::size_t> ends{};  // body sizes below its own at which another valid packet ends
};

std::vector<Sample> connect_samples(Version version);
std::vector<Sample> publish_samples(Version version);
std::vector<Sample> subscribe_samples(Version version);  // and UNSUBSCRIBE, SUBACK, UNSUBACK
std::vector<Sample> answer_samples(Version version);     // CONNACK, the four Acks, DISCONNECT, AUTH

// All of them, in all versions; built once.
const std::vector<Sample>& all_samples();

// Valid property blocks for a place: none, each allowed property alone at its bounds, all together
// forwards and backwards. Only the empty one before version 5.
std::vector<std::string> property_blocks(PacketType where, Version version);

// The encoding of one property with a valid value; low or high in its range.
std::string property_bytes(unsigned id, bool high);

}  // namespace mqz::mqtt::testing
