// The durable state of shards as text, a line for each thing: to compare two states, and to show
// how they differ.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/broker/shard.h"
#include "lib/broker/snapshot_codec.h"

namespace mqz::scenario {

using Shards = std::vector<std::unique_ptr<broker::Shard>>;

// Everything durable that the shards have.
using State = std::vector<broker::SnapshotObject>;
State state_of(const Shards& shards, Now now);

// Sorted. Without what two lives of a broker may differ in: on which shards sessions are, what may
// have been sent to them, and which claims were given to clients that have no records.
std::vector<std::string> dump(const State& state, Now now);
std::vector<std::string> dump_state(const Shards& shards, Now now);

// The lines that only one of them has, with - and + in front; empty when they are the same.
std::string difference(const std::vector<std::string>& one, const std::vector<std::string>& other);

}  // namespace mqz::scenario
