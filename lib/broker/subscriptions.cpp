#include "lib/broker/subscriptions.h"

#include "lib/base/check.h"

namespace mqz::broker {

// The shorter of the two lists is searched: a popular filter has many subscribers, a busy session
// many filters.
SubscriptionPlace* Subscriptions::find_place(Session& session, const List& list, NodeId node) {
  if (list.subscribers.size() < session.subscriptions.size()) {
    for (std::uint32_t index = 0; index < list.subscribers.size(); ++index) {
      if (list.subscribers[index].session != &session) continue;
      for (SubscriptionPlace& place : session.subscriptions) {
        if (place.node == node) return &place;
      }
    }
    return nullptr;
  }
  for (SubscriptionPlace& place : session.subscriptions) {
    if (place.node == node) return &place;
  }
  return nullptr;
}

Subscriptions::Change Subscriptions::put(Session& session, const mqtt::SubscribeEntry& entry,
                                         std::uint32_t identifier) {
  ++version_;
  const Subscriber subscriber{&session, identifier, entry.options.qos, entry.options.no_local,
                              entry.options.retain_as_published};
  const NodeId node = filters_.acquire(entry.filter);
  if (node >= lists_.size()) lists_.resize(filters_.node_capacity());
  List& list = lists_[node];
  if (SubscriptionPlace* place = find_place(session, list, node)) {
    filters_.release(node);
    list.subscribers[place->index] = subscriber;
    return Change{.existed = true};
  }
  Change change{};
  change.first = list.subscribers.empty();
  change.durable_first = session.durable && list.durable == 0;
  if (session.durable) ++list.durable;
  session.subscriptions.push_back({node, static_cast<std::uint32_t>(list.subscribers.size())});
  list.subscribers.push_back(subscriber);
  ++size_;
  return change;
}

Subscriptions::Change Subscriptions::take(Session& session, SubscriptionPlace& place) {
  ++version_;
  const NodeId node = place.node;
  const std::uint32_t index = place.index;
  List& list = lists_[node];
  MQZ_CHECK(list.subscribers[index].session == &session);
  place = session.subscriptions.back();
  session.subscriptions.pop_back();
  if (index + 1 != list.subscribers.size()) {
    list.subscribers[index] = list.subscribers.back();
    Session& moved = *list.subscribers[index].session;
    for (SubscriptionPlace& other : moved.subscriptions) {
      if (other.node == node) other.index = index;
    }
  }
  list.subscribers.pop_back();
  Change change{.existed = true};
  if (session.durable) change.durable_last = --list.durable == 0;
  change.last = list.subscribers.empty();
  if (change.last) list = List{};
  filters_.release(node);
  --size_;
  return change;
}

bool Subscriptions::has(Session& session, std::string_view filter) const {
  const auto node = filters_.find(filter);
  return node && find_place(session, lists_[*node], *node) != nullptr;
}

Subscriptions::Change Subscriptions::remove(Session& session, std::string_view filter) {
  const auto node = filters_.find(filter);
  if (!node) return {};
  SubscriptionPlace* place = find_place(session, lists_[*node], *node);
  return place == nullptr ? Change{} : take(session, *place);
}

Subscriptions::Change Subscriptions::remove_last(Session& session, std::string& filter) {
  filter.clear();
  if (session.subscriptions.empty()) return {};
  filters_.append_filter(session.subscriptions.back().node, filter);
  return take(session, session.subscriptions.back());
}

}  // namespace mqz::broker
