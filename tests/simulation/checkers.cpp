#include "tests/simulation/checkers.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "lib/mqtt/topic.h"

namespace mqz::simulation {
namespace {

using mqtt::Qos;

template <typename... Args>
void complain(std::string& complaints, fmt::format_string<Args...> text, Args&&... args) {
  complaints += fmt::format(text, std::forward<Args>(args)...) + "\n";
}

bool is_plain_match(const SubscriptionSpan& span, const std::string& topic) {
  return !mqtt::is_shared(span.filter) && mqtt::matches(span.filter, topic);
}

// How the session's subscriptions cover a message until `until`.
struct Cover {
  bool is_covered = false;  // one of them surely from before it was sent
  Qos qos{};                // the highest of those
  bool is_even = true;      // all that ever matched have one QoS
};

Cover cover_of(const SessionHistory& session, const SentMessage& message, Moment until) {
  Cover cover;
  const SubscriptionSpan* first = nullptr;
  for (const SubscriptionSpan& span : session.subscriptions) {
    if (!is_plain_match(span, message.topic)) continue;
    if (first == nullptr) first = &span;
    if (span.qos != first->qos) cover.is_even = false;
    if (span.from >= message.sent || span.until < until) continue;
    cover.is_covered = true;
    cover.qos = std::max(cover.qos, span.qos);
  }
  cover.qos = std::min(cover.qos, message.qos);
  return cover;
}

std::map<std::size_t, Moment> first_receptions(const SessionHistory& session) {
  std::map<std::size_t, Moment> first;
  for (const Reception& reception : session.receptions)
    first.emplace(reception.message, reception.at);
  return first;
}

using Stream = std::tuple<std::size_t, std::string, Qos>;
Stream stream_of(const SentMessage& message) {
  return {message.publisher, message.topic, message.qos};
}

}  // namespace

std::string check_subscribed(const History& history) {
  std::string complaints;
  for (const SessionHistory& session : history.sessions) {
    for (const Reception& reception : session.receptions) {
      const SentMessage& message = history.messages[reception.message];
      const auto matches = [&](const SubscriptionSpan& span) {
        const auto shared = mqtt::parse_shared(span.filter);
        return span.asked < reception.at &&
               mqtt::matches(shared ? shared->filter : span.filter, message.topic);
      };
      if (std::ranges::none_of(session.subscriptions, matches))
        complain(complaints, "client {} got {} without a subscription", session.client,
                 reception.message);
      if (reception.qos > message.qos)
        complain(complaints, "client {} got {} at a higher QoS", session.client, reception.message);
      for (const std::uint32_t identifier : reception.identifiers) {
        if (std::ranges::none_of(session.subscriptions, [&](const SubscriptionSpan& span) {
              return span.identifier == identifier && matches(span);
            })) {
          complain(complaints, "client {} got {} with the identifier {} of something else",
                   session.client, reception.message, identifier);
        }
      }
    }
  }
  return complaints;
}

std::string check_nothing_lost(const History& history) {
  std::string complaints;
  for (const SessionHistory& session : history.sessions) {
    if (session.until != never) continue;
    const auto received = first_receptions(session);
    const ConnectionSpan& connection = session.connections.back();
    for (std::size_t number = 0; number < history.messages.size(); ++number) {
      const SentMessage& message = history.messages[number];
      if (message.arrived == never || message.is_removal || received.contains(number)) continue;
      const Cover cover = cover_of(session, message, never);
      if (!cover.is_covered) continue;
      const bool stayed = connection.from < message.sent && connection.until == never;
      if (cover.qos == Qos::at_most_once && !stayed) continue;
      complain(complaints, "client {} did not get {} (qos {}, on {})", session.client, number,
               static_cast<int>(message.qos), message.topic);
    }
  }
  return complaints;
}

std::string check_nothing_doubled(const History& history) {
  std::string complaints;
  for (const SessionHistory& session : history.sessions) {
    std::map<std::pair<std::size_t, Qos>, std::uint32_t> fresh;
    std::map<std::size_t, std::uint32_t> exact;
    for (const Reception& reception : session.receptions) {
      if (reception.retain) continue;
      if (!reception.dup) ++fresh[{reception.message, reception.qos}];
      if (reception.qos == Qos::exactly_once) ++exact[reception.message];
    }
    for (const auto& [number, count] : exact) {
      if (count > 1)
        complain(complaints, "client {} got {} twice at QoS 2", session.client, number);
    }
    for (const auto& [which, count] : fresh) {
      const SentMessage& message = history.messages[which.first];
      const std::uint32_t most = message.qos == Qos::at_least_once ? message.times_sent : 1;
      if (count > most)
        complain(complaints, "client {} got {} twice without DUP", session.client, which.first);
    }
  }
  return complaints;
}

std::string check_order(const History& history) {
  std::map<Stream, std::vector<std::size_t>> streams;
  for (std::size_t number = 0; number < history.messages.size(); ++number)
    streams[stream_of(history.messages[number])].push_back(number);

  std::string complaints;
  for (const SessionHistory& session : history.sessions) {
    const auto first = first_receptions(session);
    std::map<std::pair<Stream, Qos>, std::size_t> last;
    for (const Reception& reception : session.receptions) {
      const SentMessage& message = history.messages[reception.message];
      if (reception.retain || first.at(reception.message) != reception.at) continue;
      if (message.topic.starts_with("s/")) continue;  // what another member left comes late
      const Stream stream = stream_of(message);
      const auto [at, is_new] = last.try_emplace({stream, reception.qos}, reception.message);
      // What a publisher sends again may be new to somebody.
      if (!is_new && at->second > reception.message && message.times_sent == 1 &&
          are_ordered(message, history.messages[at->second]))
        complain(complaints, "client {} got {} after {}", session.client, reception.message,
                 at->second);
      at->second = std::max(at->second, reception.message);
      for (const std::size_t number : streams[stream]) {
        if (number >= reception.message) break;
        const SentMessage& earlier = history.messages[number];
        if (earlier.arrived == never || earlier.is_removal) continue;
        if (!are_ordered(earlier, message)) continue;
        const auto got = first.find(number);
        if (got != first.end() && got->second < reception.at) continue;
        const Cover cover = cover_of(session, earlier, reception.at);
        if (!cover.is_covered || !cover.is_even) continue;
        const bool stayed = session.connections[reception.connection].from < earlier.sent;
        if (cover.qos == Qos::at_most_once && !stayed) continue;
        complain(complaints, "client {} got {} and not {} before it", session.client,
                 reception.message, number);
      }
    }
  }
  return complaints;
}

std::string check_all(const History& history, std::size_t probe) {
  return history.complaints + check_subscribed(history) + check_nothing_lost(history) +
         check_nothing_doubled(history) + check_order(history) + check_shared(history) +
         check_retained(history, probe);
}

}  // namespace mqz::simulation
