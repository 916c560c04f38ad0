// What happened in a simulated run, as its clients saw it. Checkers read nothing else. Moments are
// numbers that only grow; a moment of `never` has not come.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/mqtt/types.h"

namespace mqz::simulation {

using Moment = std::uint64_t;
inline constexpr Moment never = UINT64_MAX;
inline constexpr std::size_t nobody = SIZE_MAX;

// A PUBLISH of a client. Its payload is its number, except for the removal of a retained value.
struct SentMessage {
  std::size_t publisher = 0;  // the client's number
  std::size_t session = 0;    // the publisher's
  std::string topic{};
  mqtt::Qos qos{};
  bool retain = false;
  bool is_removal = false;
  std::uint32_t times_sent = 0;
  Moment sent = 0;
  Moment arrived = never;  // the publisher knows that the broker has it
};

// Whether order is owed between two messages of one publisher, of which the first was sent earlier.
// What it sends in a new session may overtake what an old connection has left unacknowledged.
inline bool are_ordered(const SentMessage& first, const SentMessage& second) {
  return first.session == second.session || first.arrived < second.sent;
}

struct Reception {
  std::size_t message = 0;
  std::size_t connection = 0;  // which of the client's
  mqtt::Qos qos{};
  bool retain = false;
  bool dup = false;
  std::vector<std::uint32_t> identifiers{};
  Moment at = 0;
};

// From SUBACK until the client asks for something else.
struct SubscriptionSpan {
  std::string filter{};
  mqtt::Qos qos{};
  std::uint32_t identifier = 0;
  bool wants_retained = true;
  Moment asked = 0;
  Moment from = never;
  Moment until = never;
};

struct ConnectionSpan {
  Moment from = 0;  // CONNACK
  Moment until = never;
};

// A session as its client knows it: from the CONNACK that does not find one to its end.
struct SessionHistory {
  std::size_t client = 0;
  Moment until = never;
  std::vector<ConnectionSpan> connections{};
  std::vector<SubscriptionSpan> subscriptions{};
  std::vector<Reception> receptions{};
};

class History {
 public:
  explicit History(bool with_trace) : with_trace_(with_trace) {}

  Moment now() { return ++moment_; }
  void note(std::string_view who, std::string_view what);
  // The broker broke a rule that one client can see alone.
  void complain(std::string_view who, std::string_view what);

  // The broker has ended and begun again after `from` and before `until`.
  bool has_crashed(Moment from, Moment until = never) const;

  std::vector<SentMessage> messages{};  // by number
  std::vector<SessionHistory> sessions{};
  std::vector<Moment> crashes{};
  std::string complaints{};
  std::string trace{};

 private:
  bool with_trace_;
  Moment moment_ = 0;
};

}  // namespace mqz::simulation
