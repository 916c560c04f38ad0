// Empties segments of the journal of what this shard's queues have there: each message is written
// again at the journal's end, once however many queues have it.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/base/slots.h"
#include "lib/broker/record.h"

namespace mqz::broker {

class ParkedMessages;
class Shard;
struct Outgoing;
struct Session;

class ShardMoving {
 public:
  // Part of the shard, and used by it.
  explicit ShardMoving(Shard& shard) : shard_(shard) {}

  // While it still empties others, nothing: whoever asked will ask again.
  void begin(const std::vector<std::uint32_t>& segments);
  // Can step() do something now?
  bool has_work() const;
  void step();
  // A message has its new place.
  void apply(const Record& record, const MovedRecord& moved);

 private:
  struct Found {
    storage::Address address{};
    QueuePlace place{};
  };
  void look_for_more();
  void note(const Session& session, std::uint64_t position);
  const Outgoing* waiting(const Found& found) const;
  void propose_more();
  ParkedMessages& parked() const;
  void end();

  Shard& shard_;
  std::vector<std::uint32_t> segments_{};  // sorted; empty: there is nothing to do
  std::size_t slot_ = 0;                   // of the session that is looked through next
  std::uint64_t position_ = 0;             // in its queue
  bool has_looked_ = false;
  std::vector<Found> found_{};  // afterwards sorted by address
  std::size_t found_at_ = 0;
  std::size_t on_their_way_ = 0;  // bytes proposed, and not yet applied
};

}  // namespace mqz::broker
