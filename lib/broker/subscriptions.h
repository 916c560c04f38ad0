// Who on this shard wants what: the filters as a tree, and for each filter its subscribers.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "lib/broker/filter_tree.h"
#include "lib/broker/session.h"
#include "lib/mqtt/packets.h"

namespace mqz::broker {

struct Subscriber {
  Session* session{};
  std::uint32_t identifier{};  // subscription identifier; 0 for none
  mqtt::Qos qos{};
  bool no_local{};
  bool retain_as_published{};
};

class Subscriptions {
 public:
  explicit Subscriptions(std::uint64_t hash_seed) : filters_(hash_seed) {}

  // What a change means for others who route to this shard.
  struct Change {
    bool existed = false;        // the session had this very filter before
    bool first = false;          // nobody on this shard had the filter before
    bool last = false;           // nobody on this shard has it any more
    bool durable_first = false;  // the same among durable sessions
    bool durable_last = false;
  };
  Change put(Session& session, const mqtt::SubscribeEntry& entry, std::uint32_t identifier);
  bool has(Session& session, std::string_view filter) const;
  // `existed` is false when the session had no such subscription.
  Change remove(Session& session, std::string_view filter);
  // One of the session's subscriptions, whichever is easiest; `filter` gets its text.
  Change remove_last(Session& session, std::string& filter);

  // visit(const Subscriber&) for each subscription that matches; a session may be visited several
  // times.
  template <typename Visit>
  void match(std::string_view topic, Visit&& visit) const {
    filters_.match(topic, [&](NodeId node) {
      const List& list = lists_[node];
      for (const Subscriber& subscriber : list.subscribers) visit(subscriber);
    });
  }

  // visit(filter, has_durable) for every filter that anybody here has.
  template <typename Visit>
  void for_each_filter(Visit&& visit) const {
    for (NodeId node = 0; node < lists_.size(); ++node) {
      if (!lists_[node].subscribers.empty())
        visit(filters_.filter_of(node), lists_[node].durable > 0);
    }
  }

  // visit(filter, const Subscriber&) for every subscription of the session.
  template <typename Visit>
  void for_each_of(const Session& session, Visit&& visit) const {
    for (const SubscriptionPlace& place : session.subscriptions)
      visit(filters_.filter_of(place.node), lists_[place.node].subscribers[place.index]);
  }

  // Another number after each change.
  std::uint64_t version() const { return version_; }
  std::size_t size() const { return size_; }

 private:
  struct List {
    std::vector<Subscriber> subscribers{};
    std::uint32_t durable = 0;
  };
  // The place of the session's subscription to `node`, or nullptr.
  static SubscriptionPlace* find_place(Session& session, const List& list, NodeId node);
  Change take(Session& session, SubscriptionPlace& place);

  FilterTree filters_;
  std::vector<List> lists_{};  // by node
  std::uint64_t version_ = 1;
  std::size_t size_ = 0;
};

}  // namespace mqz::broker
