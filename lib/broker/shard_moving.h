// Empties segments of the journal of what this shard's queues have there: each message is written
// again at the journal's end, once however many queues have it.
//
// Queues have their messages about in the journal's order, so they are merged: each session is
// looked through once, has one entry here, and those of the same message meet.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/base/slots.h"
#include "lib/base/time.h"
#include "lib/broker/record.h"

namespace mqz::broker {

class ParkedMessages;
class Shard;
struct Outgoing;
struct Unread;

class ShardMoving {
 public:
  // Part of the shard, and used by it.
  explicit ShardMoving(Shard& shard) : shard_(shard) {}

  // While it still empties others, nothing: whoever asked will ask again.
  void begin(const std::vector<std::uint32_t>& segments);
  // Can step() do something now?
  bool has_work() const;
  // A turn's part of it.
  void step();
  // A message has its new place.
  void apply(const Record& record, const MovedRecord& moved);

 private:
  // The next entry of a session that is to be moved; or, without an address, from where on it is
  // looked for.
  struct Cursor {
    QueuePlace place{};
    storage::BodyPlace body{};
  };
  // Do these come in the other order? For a heap with the first address at its top.
  static bool is_behind(const Cursor& one, const Cursor& other) { return other.body < one.body; }
  bool is_looking() const;
  // These take what they do from what is left of the turn.
  void look_for_more(std::size_t& entries);
  void advance(Cursor cursor, std::size_t& entries);
  bool leave_next(const Unread& unread);
  bool propose_next(std::size_t& entries, std::size_t& bytes);
  Cursor take_first();
  const Outgoing* waiting(const Cursor& cursor) const;
  ParkedMessages& parked() const;
  void end();

  Shard& shard_;
  std::vector<std::uint32_t> segments_{};  // sorted; empty: there is nothing to do
  std::size_t slot_ = 0;                   // of the session that is looked through next
  std::vector<Cursor> looking_{};          // they have no entry yet, or again none
  std::vector<Cursor> found_{};            // a heap
  std::size_t on_their_way_ = 0;           // bytes proposed, and not yet applied
  MonoTime told_until_{};                  // of what cannot be read
};

}  // namespace mqz::broker
