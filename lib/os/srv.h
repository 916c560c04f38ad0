// Where a service is, as DNS says: SRV records (RFC 2782).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/bytes.h"
#include "lib/base/error.h"
#include "lib/os/socket.h"

namespace mqz::os {

struct SrvRecord {
  std::uint16_t priority{};  // the least first
  std::uint16_t weight{};    // among equals, the share of the load
  std::uint16_t port{};
  std::string host{};  // without the dot at its end
  friend bool operator==(const SrvRecord&, const SrvRecord&) = default;
};

// Asks for `name`, as "_mqtt._tcp.example.org"; in the order to try them: by priority, and by
// chance and weight within one. Blocks, for ten seconds at most. `server`: whom to ask instead of
// the machine's name servers; IPv4 only.
Result<std::vector<SrvRecord>> find_srv(const std::string& name, const Address* server = nullptr);

// The records of an answer, in its order. ErrorCode::corrupt for what is no answer.
Result<std::vector<SrvRecord>> parse_srv_answer(Bytes answer);

}  // namespace mqz::os
