// From packets to bytes, in the shortest form the specification allows: an Ack of success without
// properties has two bytes of body, a DISCONNECT of success none.
//
// encoded_size gives the bytes of the whole packet; encode writes exactly that many at `out` and
// returns the end. Views must be in range (texts up to 65 535 bytes); a packet above
// packet_bytes_max is the caller's to refuse by its encoded_size.
#pragma once

#include <string>

#include "lib/base/bytes.h"
#include "lib/mqtt/packets.h"
#include "lib/mqtt/varint.h"

namespace mqz::mqtt {

std::size_t encoded_size(const Connect& packet);
std::byte* encode(const Connect& packet, std::byte* out);
std::size_t encoded_size(const Connack& packet, Version version);
std::byte* encode(const Connack& packet, Version version, std::byte* out);
std::size_t encoded_size(const Publish& packet, Version version);
std::byte* encode(const Publish& packet, Version version, std::byte* out);
std::size_t encoded_size(const Ack& packet, Version version);
std::byte* encode(const Ack& packet, Version version, std::byte* out);
std::size_t encoded_size(const Subscribe& packet, Version version);
std::byte* encode(const Subscribe& packet, Version version, std::byte* out);
std::size_t encoded_size(const SubscribeAck& packet, Version version);
std::byte* encode(const SubscribeAck& packet, Version version, std::byte* out);
std::size_t encoded_size(const Unsubscribe& packet, Version version);
std::byte* encode(const Unsubscribe& packet, Version version, std::byte* out);
std::size_t encoded_size(const Disconnect& packet, Version version);
std::byte* encode(const Disconnect& packet, Version version, std::byte* out);
std::size_t encoded_size(const Auth& packet, Version version);
std::byte* encode(const Auth& packet, Version version, std::byte* out);

inline constexpr std::byte pingreq_bytes[2] = {std::byte{0xC0}, std::byte{0}};
inline constexpr std::byte pingresp_bytes[2] = {std::byte{0xD0}, std::byte{0}};

// Appends one entry to the payload of a SUBSCRIBE or UNSUBSCRIBE that is being built.
void append_entry(std::string& payload, const SubscribeEntry& entry);
void append_entry(std::string& payload, std::string_view filter);

// Appends a whole packet to a string; for clients, tests and anything not hot.
template <typename Packet>
void append(std::string& to, const Packet& packet, Version version) {
  const std::size_t before = to.size();
  to.resize(before + encoded_size(packet, version));
  encode(packet, version, reinterpret_cast<std::byte*>(to.data() + before));
}

// A CONNECT says its own version.
void append(std::string& to, const Connect& packet);

}  // namespace mqz::mqtt
