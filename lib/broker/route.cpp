#include "lib/broker/route.h"

#include "lib/base/rules.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

namespace mqz::broker {

void Routes::add(Route& route, const Subscriber& subscriber, const Session* publisher) {
  Session& session = *subscriber.session;
  if (subscriber.no_local) {
    route.has_no_local = true;
    if (MQZ_RULE(no_local) && &session == publisher) return;
  }
  if (session.durable && subscriber.qos != mqtt::Qos::at_most_once) route.has_durable = true;
  if (!MQZ_RULE(overlapping_once) || session.match_stamp != stamp_) {
    session.match_stamp = stamp_;
    session.match_index = static_cast<std::uint32_t>(route.receivers.size());
    route.receivers.push_back(
        {&session, subscriber.identifier, {}, subscriber.qos, subscriber.retain_as_published});
    return;
  }
  Receiver& receiver = route.receivers[session.match_index];
  receiver.qos = std::max(receiver.qos, subscriber.qos);
  receiver.retain_as_published |= subscriber.retain_as_published;
  if (subscriber.identifier == 0) return;
  if (receiver.identifier == 0) {
    receiver.identifier = subscriber.identifier;
  } else {
    receiver.more.push_back(subscriber.identifier);
  }
}

void Routes::fill(Route& route, std::string_view topic, const Session* publisher) {
  route.receivers.clear();
  route.groups.clear();
  route.has_no_local = false;
  route.has_durable = false;
  route.elsewhere = interest_.empty() ? 0 : interest_.may_match(topic);
  ++stamp_;
  subscriptions_.match(topic,
                       [&](const Subscriber& subscriber) { add(route, subscriber, publisher); });
  groups_.match(topic, [&](Group& group) {
    route.groups.push_back(&group);
    if (group.durable_count() > 0) route.has_durable = true;
  });
}

const Route& Routes::find(std::string_view topic, const Session* publisher) {
  const std::uint64_t hash = XXH3_64bits_withSeed(topic.data(), topic.size(), hash_seed_);
  Slot& slot = slots_[hash % slot_count];
  const std::uint64_t version_now = version();
  if (slot.is_filled && slot.hash == hash && slot.version == version_now && slot.topic == topic) {
    return slot.route;
  }
  const bool again = slot.hash == hash && slot.version == version_now;
  slot.hash = hash;
  slot.version = version_now;
  slot.is_filled = false;
  if (!again) {
    fill(once_, topic, publisher);
    return once_;
  }
  fill(slot.route, topic, publisher);
  slot.topic = topic;
  slot.is_filled = !slot.route.has_no_local;
  return slot.route;
}

}  // namespace mqz::broker
