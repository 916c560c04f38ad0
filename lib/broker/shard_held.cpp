#include "lib/broker/shard_held.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/rules.h"
#include "lib/broker/shard.h"

namespace mqz::broker {
namespace {

constexpr Millis first_pause{1'000};
constexpr Millis longest_pause{32'000};
constexpr std::chrono::minutes told_again{10};

// Nothing of the store's whereabouts, which are the operator's.
constexpr std::string_view told_client = "a message that waits here cannot be read from the store";

}  // namespace

bool HeldSessions::rests(Session& session, std::uint64_t position) {
  const auto at = holds_.find(session.number);
  if (at == holds_.end() || at->second.position != position) return false;
  if (MQZ_RULE(held_rests) && shard_.now_.mono >= at->second.retry) return false;
  end_connection(session);
  return true;
}

void HeldSessions::hold(Session& session, std::uint64_t position, const Error& error,
                        bool is_damage) {
  Hold& hold = holds_[session.number];
  if (!session.is_unreadable || hold.position != position) hold = {.position = position};
  session.is_unreadable = true;
  hold.pause = std::clamp(2 * hold.pause, first_pause, longest_pause);
  hold.retry = shard_.now_.mono + hold.pause;
  tell(session, hold, error, is_damage);
  end_connection(session);
}

void HeldSessions::release(Session& session) {
  if (!session.is_unreadable) return;
  session.is_unreadable = false;
  holds_.erase(session.number);
}

// What it has been sent it may acknowledge first: or it would be sent that again each time.
void HeldSessions::end_connection(const Session& session) const {
  if (session.connection == nullptr || session.send.in_flight() > 0) return;
  shard_.condemned_.push_back(
      {session.connection->id, mqtt::Reason::implementation_specific_error, told_client});
}

void HeldSessions::tell(const Session& session, Hold& hold, const Error& error,
                        bool is_damage) const {
  const MonoTime now = shard_.now_.mono;
  if (shard_.options_.log == nullptr || (hold.cause == error.text && now < hold.told_until)) return;
  hold.cause = error.text;
  hold.told_until = now + told_again;
  const std::size_t waiting = session.send.waiting();
  const std::string& command = shard_.options_.repair_command;
  shard_.options_.log->write(
      LogType::error,
      fmt::format("client {} is held: {}; {} message{} for it; {}", session.client_id, error.text,
                  waiting, waiting == 1 ? " waits" : "s wait",
                  !is_damage        ? "tried again when it returns"
                  : command.empty() ? "a repair of the store keeps all that can be read"
                                    : command + " keeps all that can be read"));
}

}  // namespace mqz::broker
