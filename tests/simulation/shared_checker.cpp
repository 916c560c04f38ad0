// Every topic of a shared group is matched by this one group and by no other subscription.
#include <fmt/format.h>

#include <map>
#include <set>

#include "lib/mqtt/topic.h"
#include "tests/simulation/checkers.h"

namespace mqz::simulation {
namespace {

using mqtt::Qos;

struct GroupHistory {
  struct Member {
    const SessionHistory* session{};
    const SubscriptionSpan* span{};
  };
  std::vector<Member> members{};
  bool has_left = false;  // a member unsubscribed, or its session ended
  bool is_exact = true;   // all subscribed at QoS 2

  bool has_stayer_since(Moment sent) const {
    for (const Member& member : members) {
      if (member.session->until == never && member.span->until == never &&
          member.span->from < sent && member.span->qos != Qos::at_most_once)
        return true;
    }
    return false;
  }
};

std::map<std::string, GroupHistory> groups_of(const History& history) {
  std::map<std::string, GroupHistory> groups;
  for (const SessionHistory& session : history.sessions) {
    for (const SubscriptionSpan& span : session.subscriptions) {
      if (!mqtt::is_shared(span.filter)) continue;
      GroupHistory& group = groups[span.filter];
      group.members.push_back({&session, &span});
      group.has_left |= session.until != never || span.until != never;
      group.is_exact &= span.qos == Qos::exactly_once;
    }
  }
  return groups;
}

}  // namespace

std::string check_shared(const History& history) {
  std::map<std::size_t, std::set<const SessionHistory*>> receivers;
  for (const SessionHistory& session : history.sessions) {
    for (const Reception& reception : session.receptions)
      receivers[reception.message].insert(&session);
  }
  std::string complaints;
  for (const auto& [filter, group] : groups_of(history)) {
    for (std::size_t number = 0; number < history.messages.size(); ++number) {
      const SentMessage& message = history.messages[number];
      if (!mqtt::matches(mqtt::parse_shared(filter)->filter, message.topic)) continue;
      const std::size_t count = receivers.contains(number) ? receivers.at(number).size() : 0;
      // QoS 2 that has begun stays with its member [MQTT-4.8.2-5], even if that never comes back.
      const bool is_owed = message.qos == Qos::at_least_once ||
                           (message.qos == Qos::exactly_once && !group.has_left);
      if (count == 0 && is_owed && message.arrived != never &&
          group.has_stayer_since(message.sent)) {
        complaints += fmt::format("nobody in {} got {}\n", filter, number);
      }
      const bool is_once =
          message.qos == Qos::at_most_once ||
          (message.qos == Qos::exactly_once && group.is_exact) ||
          (message.qos == Qos::at_least_once && message.times_sent == 1 && !group.has_left);
      if (count > 1 && is_once)
        complaints += fmt::format("{} in {} got {}\n", count, filter, number);
    }
  }
  return complaints;
}

}  // namespace mqz::simulation
