// What two recoveries of one journal have to have in common: by a snapshot and the records behind
// it, and by all records.
#pragma once

#include <cstdint>
#include <string>

#include "tests/scenario/state_dump.h"

namespace mqz::scenario {

// What is compared. Groups may differ where messages cross: the front hears who joins or leaves a
// moment after the record of that, and an entry of a queue that was a group's goes back to the one
// that has its name now.
enum class Compared : std::uint8_t { all, all_but_groups };

// The lines of their states (see state_dump.h) that only one of them has; empty when they are the
// same but for what may differ.
std::string differences(const Shards& one, const Shards& other, Compared what, Now now);

}  // namespace mqz::scenario
