// Snapshots of shards under test, kept in memory.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "lib/broker/replay.h"
#include "lib/broker/shard_snapshot.h"
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
  std::size_t queue_piece_bytes() const override { return 1; }  // each entry comes by itself
  void add(storage::SnapshotSlice slice) override;
  void add_parked(const storage::LiveBodies& bodies) override { parked.merge(bodies); }
  void end() override { is_complete = true; }

  broker::SnapshotObject object(std::size_t index, Now now) const;
  // Puts its objects into fresh shards.
  void restore(broker::Replay& replay, Now now) const;

  // How many objects are written before it waits.
  std::size_t allowed = SIZE_MAX;
  bool is_complete = false;
  std::uint64_t replay_from = 0;
  std::vector<Entry> entries{};
  storage::LiveBodies parked{};

 private:
  storage::BlockSealer sealer_{storage::SnapshotHeader{}};
  storage::BlockReader reader_{storage::SnapshotHeader{}};
};

// Takes one snapshot after the other, begun and continued at random moments.
class KeptSnapshots {
 public:
  KeptSnapshots(bool is_on, std::uint32_t seed) : is_on_(is_on), random_(seed) {}

  // In between two turns of the shards: some objects may be written now, others later.
  void step(const Shards& shards);
  // Nothing is held back until the next step.
  void hurry();
  // The broker was killed: one that was not complete is lost.
  void crash();
  // The last complete one; null if there is none.
  const KeptSnapshot* last() const { return last_.get(); }
  bool coin() { return random_() % 2 == 0; }

 private:
  bool is_on_;
  std::mt19937 random_;
  std::shared_ptr<KeptSnapshot> running_{};
  std::shared_ptr<KeptSnapshot> last_{};
};

}  // namespace mqz::scenario
