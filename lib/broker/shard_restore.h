// How a shard comes to the state that a snapshot has. The records behind it are replayed then; some
// of them are older than what they touch. Part of replay: used before the first record.
#pragma once

#include "lib/broker/shard.h"
#include "lib/broker/snapshot_codec.h"

namespace mqz::broker {

class ShardRestore {
 public:
  explicit ShardRestore(Shard& shard) : shard_(shard) {}

  // What an older entry said of the client id has to be forgotten first.
  SlotId session(SessionImage image, std::uint64_t stamp);
  void queue(SlotId session, QueueImage image);
  void forget(std::string_view client_id);
  void retained(const MessageRef& message);
  void will(std::uint64_t claim, Will will);
  void share(ShareImage image);
  void front(const FrontImage& image, std::uint64_t stamp);
  // All entries are there; `front` has the groups.
  void link_shares(const Shard& front);

 private:
  Shard& shard_;
};

}  // namespace mqz::broker
