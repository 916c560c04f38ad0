// What shared groups with durable members were given, and no record says who has it. The front's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lib/broker/queued_message.h"

namespace mqz::broker {

struct OwedShare {
  QueuedMessage message{};
  std::uint32_t cost = 0;   // see Outgoing
  std::uint64_t since = 0;  // records up to here say nothing about it
};

class OwedShares {
 public:
  bool empty() const { return groups_.empty(); }
  bool contains(const std::string& filter, std::uint64_t origin) const {
    const auto group = groups_.find(filter);
    return group != groups_.end() && group->second.contains(origin);
  }
  // What is owed already stays so since then at least.
  void owe(const std::string& filter, std::uint64_t origin, OwedShare share) {
    OwedShare& known = groups_[filter][origin];
    share.since = std::max(share.since, known.since);
    known = std::move(share);
  }
  void erase(const std::string& filter, std::uint64_t origin) {
    forget(filter, origin, UINT64_MAX);
  }
  // A record at this position says who has it.
  void forget(const std::string& filter, std::uint64_t origin, std::uint64_t position) {
    const auto group = groups_.find(filter);
    if (group == groups_.end()) return;
    const auto share = group->second.find(origin);
    if (share == group->second.end() || position <= share->second.since) return;
    group->second.erase(share);
    if (group->second.empty()) groups_.erase(group);
  }
  // The origins of all that is owed to a group.
  std::vector<std::uint64_t> of(const std::string& filter) const {
    std::vector<std::uint64_t> origins;
    if (const auto group = groups_.find(filter); group != groups_.end()) {
      for (const auto& [origin, share] : group->second) origins.push_back(origin);
    }
    return origins;
  }
  template <typename Visit>
  void for_each(const Visit& visit) const {
    for (const auto& [filter, shares] : groups_) {
      for (const auto& [origin, share] : shares) visit(filter, origin, share);
    }
  }

 private:
  std::map<std::string, std::map<std::uint64_t, OwedShare>> groups_{};
};

}  // namespace mqz::broker
