// Between the text of a packet and the packet: encodes what a transcript sends, describes what a
// broker sent, and compares the two.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "lib/mqtt/decode.h"
#include "tests/scenario/transcript.h"

namespace mqz::scenario {

// The values of $names; they live as long as a scenario.
using Bindings = std::map<std::string, std::string>;

// Is it "$x" as opposed to a literal ("$share/…" is one)? A quoted value never is.
bool is_variable(const Field& field);

// The fields with every $x replaced by its value; an error for one without.
Result<PacketText> substitute(const PacketText& packet, const Bindings& bindings);

// The bytes of the packet. `sender` is the client id of a CONNECT that names none.
Result<std::string> encode_packet(const PacketText& packet, mqtt::Version version,
                                  std::string_view sender);

// "v31", "v311", "v5"; and the version that a CONNECT's text asks for.
mqtt::Version find_version(std::string_view word);
mqtt::Version version_of(const PacketText& connect, mqtt::Version otherwise);

// All that can be seen of a packet that a broker sent. An error for one that it may not send or
// that does not decode.
Result<PacketText> describe_packet(const mqtt::Frame& frame, mqtt::Version version);

// Why `actual` is not what was expected; nothing if it is. A match binds the expectation's new
// $names; a mismatch binds none.
std::optional<std::string> mismatch(const PacketText& expected, const PacketText& actual,
                                    Bindings& bindings);

// Reasons by name: "not-authorized". find_reason knows 0x87 and granted-qos-0 too.
std::string reason_name(mqtt::Reason reason);
std::optional<mqtt::Reason> find_reason(std::string_view name);

}  // namespace mqz::scenario
