// Makes the state of an earlier life of the broker from its records, by the very code that applies
// them while it lives. Before the threads start: one thread has all shards.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "lib/broker/shard.h"

namespace mqz::broker {

class Replay {
 public:
  // The shards of the new life, the front first; fresh, and with their time set.
  explicit Replay(std::vector<Shard*> shards);

  // The next record, with its position.
  void apply(Record record);
  // There are no more. What the earlier life still owed is proposed: wills that were due, and what
  // shared groups had been given and nobody was found for.
  void finish();

 private:
  struct Place {
    ShardIndex shard = 0;
    SlotId session{};
  };
  void find_session(Record& record) const;
  void carry_mail();

  std::vector<Shard*> shards_;
  std::unordered_map<std::uint64_t, Place> sessions_{};  // by number
};

}  // namespace mqz::broker
