#include "tests/scenario/two_recoveries.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <variant>

namespace mqz::scenario {
namespace {

using broker::QueueImage;
using broker::SessionImage;
using broker::SnapshotObject;

// By client id.
std::map<std::string, SessionImage*> sessions_of(State& state) {
  std::map<std::string, SessionImage*> sessions;
  for (SnapshotObject& object : state) {
    if (auto* session = std::get_if<SessionImage>(&object)) sessions[session->client_id] = session;
  }
  return sessions;
}

// By the session's number, in order.
std::map<std::uint64_t, std::vector<broker::Outgoing*>> queues_of(State& state) {
  std::map<std::uint64_t, std::vector<broker::Outgoing*>> queues;
  for (SnapshotObject& object : state) {
    auto* queue = std::get_if<QueueImage>(&object);
    if (queue == nullptr) continue;
    for (broker::Outgoing& entry : queue->entries) queues[queue->number].push_back(&entry);
  }
  return queues;
}

// A snapshot knows that a client is done with an entry of which the record is not committed.
void forget_done(State& one, State& other) {
  auto theirs = queues_of(other);
  for (auto& [number, ours] : queues_of(one)) {
    const std::size_t count = std::min(ours.size(), theirs[number].size());
    for (std::size_t at = 0; at < count; ++at) {
      broker::Outgoing& mine = *ours[at];
      broker::Outgoing& yours = *theirs[number][at];
      constexpr auto done = broker::SendState::done;
      if (mine.state != done && yours.state != done) continue;
      mine = {.state = done};
      yours = {.state = done};
    }
  }
}

// The time that runs while a record is committed counts for a broker that lives.
void align(MonoTime& one, MonoTime other) {
  constexpr std::chrono::minutes allowance{2};
  if (other == MonoTime::max() || one == MonoTime::max()) return;
  if (one < other + allowance && other < one + allowance) one = other;
}

void align_deadlines(State& one, State& other) {
  const auto theirs = sessions_of(other);
  for (const auto& [client_id, session] : sessions_of(one)) {
    const auto at = theirs.find(client_id);
    if (at == theirs.end()) continue;
    align(session->expires, at->second->expires);
    align(session->will_due, at->second->will_due);
  }
}

// Which shares are owed, and which entries of queues go back to a group.
void forget_groups(State& state) {
  std::erase_if(state, [](const SnapshotObject& object) {
    return std::holds_alternative<broker::ShareImage>(object);
  });
  for (auto& [number, entries] : queues_of(state)) {
    for (broker::Outgoing* entry : entries) {
      if (entry->extra) entry->extra->share = {};
    }
  }
}

}  // namespace

std::string differences(const Shards& one, const Shards& other, Compared what, Now now) {
  State ours = state_of(one, now);
  State theirs = state_of(other, now);
  if (what == Compared::all_but_groups) {
    forget_groups(ours);
    forget_groups(theirs);
  }
  forget_done(ours, theirs);
  align_deadlines(ours, theirs);
  return difference(dump(ours, now), dump(theirs, now));
}

}  // namespace mqz::scenario
