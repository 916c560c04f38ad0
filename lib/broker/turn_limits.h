// How much a shard does in one turn of what can be arbitrarily much at once; the next turn goes on.
// So clients are served meanwhile.
#pragma once

#include <cstddef>

namespace mqz::broker {

// Entries of queues that are looked at, and bytes of them that are read back from the journal.
struct SendShare {
  std::size_t entries = 0;
  std::size_t bytes = 0;
};

struct SendLimits {
  SendShare at_once{256, 256U << 10U};  // of a session, before others have their turn
  SendShare a_turn{4'096, 4U << 20U};   // of a shard; twice that when input asks for as much
};

struct TurnLimits {
  SendLimits sends{};
  std::size_t records = 4'096;  // committed ones, and as many as are proposed in the turn
  std::size_t freed = 16'384;   // entries of queues whose sessions have ended
};

}  // namespace mqz::broker
