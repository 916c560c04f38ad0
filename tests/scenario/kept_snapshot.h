// Snapshots of shards under test, kept in memory, and what two recoveries must have in common.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/broker/replay.h"
#include "lib/broker/snapshot_run.h"
#include "tests/scenario/state_dump.h"

namespace mqz::scenario {

class KeptSnapshot final : public broker::SnapshotTarget {
 public:
  struct Entry {
    std::uint8_t kind = 0;
    std::uint8_t version = 0;
    std::string key{};
    std::uint64_t stamp = 0;
    std::string value{};
  };
  std::size_t room() override;
  void add(storage::SnapshotSlice slice) override;
  void end() override { is_complete = true; }

  broker::SnapshotObject object(std::size_t index, Now now) const;
  // Puts its objects into fresh shards.
  void restore(broker::Replay& replay, Now now) const;

  // How many objects are written before it waits.
  std::size_t allowed = SIZE_MAX;
  bool is_complete = false;
  std::vector<Entry> entries{};

 private:
  storage::BlockSealer sealer_{storage::SnapshotHeader{}};
  storage::BlockReader reader_{storage::SnapshotHeader{}};
};

// Ends the program, with both states printed, unless they are the same but for what may differ.
void check_same_state(const Shards& one, const Shards& other, Now now);

}  // namespace mqz::scenario
