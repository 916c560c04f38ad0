#include "lib/broker/shard_returns.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lib/broker/shard.h"

namespace mqz::broker {
namespace {

constexpr std::size_t on_their_way_max = 1U << 20U;

}  // namespace

// As a replay does it, so that it agrees: what comes back to a group with durable members is owed.
void ShardReturns::take(GroupReturnMail mail) {
  const Group* group = shard_.groups_.find(mail.group);
  if (group == nullptr) return;
  for (const ReturnedShare& share : mail.shares) {
    if (shard_.is_recorded(*group, share.origin))
      shard_.owe_share(group->filter, share.origin, share.message, share.cost);
  }
  if (shard_.is_replaying_) return;
  waiting_.push_back(std::move(mail));
  step();
}

bool ShardReturns::must_wait(const Group& group) const {
  return std::ranges::any_of(waiting_,
                             [&](const GroupReturnMail& mail) { return mail.group == group.id; });
}

void ShardReturns::add(const Group& group, ReturnedShare share) {
  const bool goes_on = !waiting_.empty() && waiting_.back().group == group.id &&
                       !waiting_.back().not_to.session.is_valid();
  if (!goes_on) waiting_.push_back({.group = group.id});
  waiting_.back().shares.push_back(std::move(share));
}

// Those of groups that are gone are nobody's.
void ShardReturns::add_owed() {
  std::vector<std::pair<std::string, std::uint64_t>> gone;
  bool is_parked = false;
  shard_.shares_owed_.for_each(
      [&](const std::string& filter, std::uint64_t origin, const OwedShare& share) {
        const Group* group = shard_.groups_.find(filter);
        if (group == nullptr) {
          gone.emplace_back(filter, origin);
        } else {
          is_parked |= share.message.is_parked();
          add(*group, {share.message, share.cost, origin});
        }
      });
  for (const auto& [filter, origin] : gone) shard_.give_up_share(filter, origin);
  if (!is_parked) step();  // or the shard's loop does
}

bool ShardReturns::has_work() const {
  if (waiting_.empty() || shard_.is_journal_full_) return false;
  return given_bytes_ < on_their_way_max || shard_.committed_ >= until_;
}

void ShardReturns::step() {
  if (is_giving_) return;  // what a member cannot take comes back at once
  is_giving_ = true;
  std::size_t bytes = 0;
  for (std::size_t count = 0; count < a_turn_.entries && bytes < a_turn_.bytes && has_work();
       ++count)
    bytes += give_next();
  is_giving_ = false;
}

std::size_t ShardReturns::give_next() {
  if (given_bytes_ >= on_their_way_max) given_bytes_ = 0;
  GroupReturnMail& first = waiting_.front();
  Group* group = shard_.groups_.find(first.group);
  const ReturnedShare share = std::move(first.shares[next_++]);
  const GroupMember not_to = first.not_to;
  if (group == nullptr || next_ == first.shares.size()) {
    waiting_.pop_front();
    next_ = 0;
  }
  if (group == nullptr) return 0;
  given_bytes_ += share.cost;
  give(*group, share, not_to);
  if (given_bytes_ >= on_their_way_max) until_ = shard_.proposed_;
  return share.cost;
}

// What cannot be read stays owed: the broker's next life tries again.
void ShardReturns::give(Group& group, const ReturnedShare& share, const GroupMember& not_to) {
  const ReadMessage read = shard_.message_of(share.message, share.cost);
  if (read) {
    Routed routed(*read);
    shard_.give_share(group, routed, share.origin, not_to.session.is_valid() ? &not_to : nullptr);
    return;
  }
  tell(group, read.error());
  if (read.error().may_pass && shard_.is_recorded(group, share.origin))
    shard_.give_up_share(group.filter, share.origin);
}

// The same cause is told once.
void ShardReturns::tell(const Group& group, const Unread& unread) {
  if (shard_.options_.log == nullptr || unread.error.text == told_) return;
  told_ = unread.error.text;
  shard_.options_.log->write(
      LogType::error, fmt::format("a message for group {} cannot be read: {}; {}", group.filter,
                                  told_, unread.may_pass ? "it is lost" : "it stays owed"));
}

}  // namespace mqz::broker
