#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "lib/mqtt/topic.h"
#include "tests/simulation/checkers.h"

namespace mqz::simulation {
namespace {

using mqtt::Qos;

// A PINGRESP says that a message at QoS 0 has arrived, not that it outlasts the broker.
bool is_kept(const History& history, const SentMessage& message) {
  return message.arrived != never &&
         (message.qos != Qos::at_most_once || !history.has_crashed(message.arrived));
}

// The values a topic may have at the end: the last that is surely kept, or one sent after it.
struct LastValues {
  std::vector<std::size_t> candidates{};
  bool may_be_absent = true;
};

std::map<std::string, LastValues> last_values(const History& history) {
  std::map<std::string, LastValues> topics;
  for (std::size_t number = 0; number < history.messages.size(); ++number) {
    const SentMessage& message = history.messages[number];
    if (!message.retain) continue;
    LastValues& values = topics[message.topic];
    if (is_kept(history, message)) values = {.candidates = {}, .may_be_absent = false};
    message.is_removal ? void(values.may_be_absent = true) : values.candidates.push_back(number);
  }
  return topics;
}

std::string check_probe(const History& history, const SessionHistory& probe,
                        std::map<std::string, std::size_t>& found) {
  std::string complaints;
  for (const Reception& reception : probe.receptions) {
    const std::string& topic = history.messages[reception.message].topic;
    if (!found.emplace(topic, reception.message).second)
      complaints += fmt::format("{} has two retained values\n", topic);
  }
  for (const auto& [topic, values] : last_values(history)) {
    const auto at = found.find(topic);
    if (at == found.end()) {
      if (!values.may_be_absent) complaints += fmt::format("{} has lost its value\n", topic);
    } else if (std::ranges::find(values.candidates, at->second) == values.candidates.end()) {
      complaints += fmt::format("{} has kept the old value {}\n", topic, at->second);
    }
  }
  return complaints;
}

std::string check_no_stale(const History& history, const SessionHistory& session) {
  std::string complaints;
  std::map<std::pair<std::string, Qos>, std::size_t> newest;
  for (const Reception& reception : session.receptions) {
    const SentMessage& message = history.messages[reception.message];
    if (!message.retain || reception.dup) continue;
    const auto [at, is_new] = newest.try_emplace({message.topic, reception.qos}, reception.message);
    const SentMessage& newer = history.messages[at->second];
    const bool is_lost =
        newer.qos == Qos::at_most_once && history.has_crashed(newer.sent, reception.at);
    if (!is_new && at->second > reception.message && message.times_sent == 1 && !is_lost &&
        are_ordered(message, newer)) {
      complaints += fmt::format("client {} got the old value {} after {}\n", session.client,
                                reception.message, at->second);
    }
    at->second = std::max(at->second, reception.message);
  }
  return complaints;
}

std::string check_ends_with(const History& history, const SessionHistory& session,
                            const std::map<std::string, std::size_t>& values) {
  std::string complaints;
  for (const SubscriptionSpan& span : session.subscriptions) {
    if (span.from == never || span.until != never || !span.wants_retained) continue;
    const bool stayed = session.connections.back().from < span.from;
    for (const auto& [topic, number] : values) {
      if (mqtt::is_shared(span.filter) || !mqtt::matches(span.filter, topic)) continue;
      const Qos qos = std::min(span.qos, history.messages[number].qos);
      if (qos == Qos::at_most_once && !stayed) continue;
      if (std::ranges::find(session.receptions, number, &Reception::message) ==
          session.receptions.end()) {
        complaints += fmt::format("client {} subscribed {} and did not get {}, the value of {}\n",
                                  session.client, span.filter, number, topic);
      }
    }
  }
  return complaints;
}

}  // namespace

std::string check_retained(const History& history, std::size_t probe) {
  std::map<std::string, std::size_t> values;
  std::string complaints = check_probe(history, history.sessions[probe], values);
  for (const SessionHistory& session : history.sessions) {
    complaints += check_no_stale(history, session);
    if (session.until == never) complaints += check_ends_with(history, session, values);
  }
  return complaints;
}

}  // namespace mqz::simulation
