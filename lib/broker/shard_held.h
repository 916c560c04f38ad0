// Sessions whose next message the journal does not give back: it is damaged and nobody has accepted
// the loss, or the disk fails. Nothing of their queues is given up. When all that was sent is
// acknowledged the client is told and its connection ends; everybody else is served. When it is
// back the message is tried again, after pauses that grow: a client that returns at once, over and
// over, costs no reading, and a line in the log only now and then.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "lib/base/error.h"
#include "lib/base/time.h"

namespace mqz::broker {

class Shard;
struct Session;

class HeldSessions {
 public:
  // Part of the shard, and used by it.
  explicit HeldSessions(Shard& shard) : shard_(shard) {}

  // Is it too early to try this position of its queue again? Then its connection ends.
  bool rests(Session& session, std::uint64_t position);
  // It cannot be read: its connection ends, now or when what was sent is acknowledged.
  void hold(Session& session, std::uint64_t position, const Error& error, bool is_damage);
  // What the session has next could be read, or the session ends.
  void release(Session& session);

 private:
  struct Hold {
    std::uint64_t position = 0;
    MonoTime retry{};
    Millis pause{};
    std::string cause{};  // as it was told last
    MonoTime told_until{};
  };
  void end_connection(const Session& session) const;
  void tell(const Session& session, Hold& hold, const Error& error, bool is_damage) const;

  Shard& shard_;
  std::unordered_map<std::uint64_t, Hold> holds_{};  // by the session's number
};

}  // namespace mqz::broker
