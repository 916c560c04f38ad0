// Shared subscriptions (4.8.2): groups of sessions that share the messages of a filter. All of them
// stand on one home shard, which picks the member for each message; members live anywhere.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/slots.h"
#include "lib/broker/filter_tree.h"
#include "lib/broker/mail.h"

namespace mqz::broker {

struct Membership {
  GroupMember member{};
  std::uint32_t identifier = 0;
  mqtt::Qos qos{};
  bool retain_as_published = false;
  bool durable = false;
  bool present = true;      // its client is connected
  std::uint64_t since = 0;  // the record by which a durable session joined
};

class Group {
 public:
  SlotId id{};
  std::string filter{};  // whole: "$share/<name>/<filter>"
  NodeId node{};

  // The next member in turn: one whose client is connected if there is one, else a durable one
  // (only if `may_wait`). nullptr when nobody can take it.
  const Membership* pick(bool may_wait, const GroupMember* not_to = nullptr);
  Membership* find(const GroupMember& member);
  void remove(const GroupMember& member);
  std::vector<Membership>& members() { return members_; }
  std::uint32_t durable_count() const { return durable_count_; }

 private:
  friend class Groups;
  std::vector<Membership> members_{};
  std::size_t turn_ = 0;
  std::uint32_t durable_count_ = 0;
};

class Groups {
 public:
  explicit Groups(std::uint64_t hash_seed) : filters_(hash_seed) {}

  // What a change means for those who route to the home.
  struct Change {
    bool first = false;  // the group is new
    bool last = false;   // it has no member any more and is gone
    bool durable_first = false;
    bool durable_last = false;
  };
  Change join(const GroupJoinMail& join);
  Change leave(const GroupLeaveMail& leave);
  void set_presence(const GroupPresenceMail& presence);
  Group* find(SlotId id) const { return groups_.find(id); }
  // By its whole filter.
  Group* find(const std::string& filter) const {
    const auto at = by_filter_.find(filter);
    return at == by_filter_.end() ? nullptr : at->second;
  }

  template <typename Visit>
  void match(std::string_view topic, Visit&& visit) {
    if (groups_.size() == 0) return;
    filters_.match(topic, [&](NodeId node) {
      for (Group* group : by_node_[node]) visit(*group);
    });
  }

  template <typename Visit>
  void for_each(Visit&& visit) {
    groups_.for_each(visit);
  }

  std::uint64_t version() const { return version_; }
  std::size_t size() const { return groups_.size(); }

 private:
  Group& find_or_make(std::string_view filter, bool& is_new);

  FilterTree filters_;
  Slots<Group> groups_{};
  std::unordered_map<std::string, Group*> by_filter_{};
  std::vector<std::vector<Group*>> by_node_{};
  std::uint64_t version_ = 0;
};

}  // namespace mqz::broker
