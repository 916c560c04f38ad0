// Rules that a test build breaks, one at a time, to see that the test named for each of them
// notices (tests/breaks/). Everywhere else MQZ_RULE is `true` and leaves nothing in the program.
//
//   if (MQZ_RULE(reserved_flag) && flags.reserved) return Reason::malformed_packet;
#pragma once

#ifdef MQZ_BREAKS
#include <string_view>

namespace mqz {
inline std::string_view broken_rule{};  // its name, chosen before anything runs; empty: none
}  // namespace mqz

#define MQZ_RULE(name) (::mqz::broken_rule != #name)
#else
#define MQZ_RULE(name) true
#endif
