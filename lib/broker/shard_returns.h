// What shared groups are to give again: what a member gave back, and, when a broker begins, what
// nobody had taken. There may be much of it, so its messages stay in the journal until it is given,
// so much a turn. The front's.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "lib/broker/mail.h"
#include "lib/broker/parked_messages.h"
#include "lib/broker/turn_limits.h"

namespace mqz::broker {

class Group;
class Shard;

class ShardReturns {
 public:
  // Part of the shard, and used by it.
  ShardReturns(Shard& shard, const SendShare& a_turn) : shard_(shard), a_turn_(a_turn) {}

  // Mail from a member; the group may be gone.
  void take(GroupReturnMail mail);
  // A new message of a group for which others wait still: it comes behind them. It is owed already.
  bool must_wait(const Group& group) const;
  void add(const Group& group, ReturnedShare share);
  // All that is owed waits.
  void add_owed();

  // What waits.
  template <typename Visit>
  void for_each(const Visit& visit) const {
    for (const GroupReturnMail& mail : waiting_) {
      for (const ReturnedShare& share : mail.shares) visit(share);
    }
  }

  // Can step() do something now?
  bool has_work() const;
  // A turn's part of it.
  void step();

 private:
  // How many bytes it has read or taken from memory.
  std::size_t give_next();
  void give(Group& group, const ReturnedShare& share, const GroupMember& not_to);
  void tell(const Group& group, const Unread& unread);

  Shard& shard_;
  SendShare a_turn_;
  std::deque<GroupReturnMail> waiting_{};
  std::size_t next_ = 0;         // of the first of them
  std::size_t given_bytes_ = 0;  // since `until_` was set
  std::uint64_t until_ = 0;      // so many records are to be committed before more is given
  bool is_giving_ = false;
  std::string told_{};  // what could not be read last
};

}  // namespace mqz::broker
