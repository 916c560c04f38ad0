#include "lib/broker/groups.h"

#include <algorithm>

#include "lib/base/check.h"
#include "lib/mqtt/topic.h"

namespace mqz::broker {

const Membership* Group::pick(bool may_wait, const GroupMember* not_to) {
  const Membership* waiting = nullptr;
  for (std::size_t step = 0; step < members_.size(); ++step) {
    const std::size_t index = (turn_ + step) % members_.size();
    const Membership& candidate = members_[index];
    if (not_to != nullptr && candidate.member == *not_to) continue;
    if (candidate.present) {
      turn_ = index + 1;
      return &candidate;
    }
    if (candidate.durable && waiting == nullptr) waiting = &candidate;
  }
  if (!may_wait || waiting == nullptr) return nullptr;
  turn_ = static_cast<std::size_t>(waiting - members_.data()) + 1;
  return waiting;
}

Membership* Group::find(const GroupMember& member) {
  const auto at = std::ranges::find(members_, member, &Membership::member);
  return at == members_.end() ? nullptr : &*at;
}

void Group::remove(const GroupMember& member) {
  std::erase_if(members_, [&](const Membership& one) { return one.member == member; });
}

Group& Groups::find_or_make(std::string_view filter, bool& is_new) {
  const auto at = by_filter_.find(std::string(filter));
  is_new = at == by_filter_.end();
  if (!is_new) return *at->second;
  const auto shared = mqtt::parse_shared(filter);
  MQZ_CHECK(shared.has_value());
  Group& group = groups_.insert(std::make_unique<Group>());
  group.filter = filter;
  group.node = filters_.acquire(shared->filter);
  if (group.node >= by_node_.size()) by_node_.resize(filters_.node_capacity());
  by_node_[group.node].push_back(&group);
  by_filter_.emplace(group.filter, &group);
  return group;
}

Groups::Change Groups::join(const GroupJoinMail& join) {
  ++version_;
  Change change{};
  Group& group = find_or_make(join.filter, change.first);
  const Membership membership{.member = join.member,
                              .identifier = join.identifier,
                              .qos = join.qos,
                              .retain_as_published = join.retain_as_published,
                              .durable = join.durable,
                              .since = join.position};
  if (Membership* known = group.find(join.member)) {
    *known = membership;
    return change;
  }
  group.members_.push_back(membership);
  if (join.durable) change.durable_first = group.durable_count_++ == 0;
  return change;
}

Groups::Change Groups::leave(const GroupLeaveMail& leave) {
  const auto at = by_filter_.find(leave.filter);
  if (at == by_filter_.end()) return {};
  Group& group = *at->second;
  const Membership* known = group.find(leave.member);
  if (known == nullptr || known->since > leave.position) return {};
  ++version_;
  Change change{};
  if (known->durable) change.durable_last = --group.durable_count_ == 0;
  group.remove(leave.member);
  if (!group.members_.empty()) return change;
  change.last = true;
  std::erase(by_node_[group.node], &group);
  filters_.release(group.node);
  by_filter_.erase(at);
  groups_.take(group.id);
  return change;
}

void Groups::set_presence(const GroupPresenceMail& presence) {
  const auto at = by_filter_.find(presence.filter);
  if (at == by_filter_.end()) return;
  if (Membership* known = at->second->find(presence.member)) known->present = presence.present;
}

}  // namespace mqz::broker
