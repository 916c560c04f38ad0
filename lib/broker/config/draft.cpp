#include "lib/broker/config/draft.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "lib/base/check.h"
#include "lib/broker/config/words.h"

namespace mqz::broker {

namespace {

void settle_security(Listener& listener, const Security& own, const Security& common,
                     bool anonymous) {
  listener.allow_anonymous =
      own.allow_anonymous.value_or(common.allow_anonymous.value_or(anonymous));
  listener.allow_empty_client_id =
      own.allow_empty_client_id.value_or(common.allow_empty_client_id.value_or(true));
  listener.client_id_prefix =
      own.client_id_prefix.value_or(common.client_id_prefix.value_or("auto-"));
}

// Only this machine, both families, if the file asks for no listener.
void add_loopback(Draft& draft) {
  ListenerDraft first = draft.unnamed;
  first.listener.address = "127.0.0.1";
  ListenerDraft second = draft.unnamed;
  second.listener.address = "::1";
  second.listener.is_required = false;
  draft.listeners = {first, second};
}

void find_twins(const std::vector<Listener>& listeners, std::vector<Finding>& findings) {
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const Listener& one = listeners[i];
    const bool is_twin =
        std::any_of(listeners.begin(), listeners.begin() + static_cast<std::ptrdiff_t>(i),
                    [&](const Listener& other) {
                      return one.port == other.port && one.address == other.address &&
                             one.unix_path == other.unix_path;
                    });
    if (!is_twin) continue;
    findings.push_back({Severity::error,
                        {one.from, 0},
                        "a listener for this port and address is there already",
                        {}});
  }
}

}  // namespace

Draft fresh_draft() {
  Draft draft;
  for (const Word& word : words()) {
    if (word.status != WordStatus::works || word.standard.empty() || word.take == nullptr) continue;
    MQZ_CHECK(word.take(draft, word, word.standard).empty());
  }
  draft.config.log.types = static_cast<std::uint16_t>(LogType::error) |
                           static_cast<std::uint16_t>(LogType::warning) |
                           static_cast<std::uint16_t>(LogType::notice) |
                           static_cast<std::uint16_t>(LogType::information);
  // What the defaults of port and the security words left behind is not asked for by anyone.
  draft.security = {};
  draft.unnamed_is_open = false;
  draft.unnamed.listener.from.clear();
  draft.log_types_given = draft.log_places_given = false;
  draft.notes.clear();
  return draft;
}

Config finish(Draft& draft, std::vector<Finding>& findings) {
  const std::string file = draft.place.file;
  const bool is_local = draft.listeners.empty() && !draft.unnamed_is_open;
  if (is_local) {
    add_loopback(draft);
  } else if (draft.unnamed_is_open) {
    draft.listeners.insert(draft.listeners.begin(), draft.unnamed);
  } else if (draft.stray) {
    findings.push_back({Severity::warning, *draft.stray,
                        "a listener word above every listener belongs to none",
                        "write it below the line of its listener"});
  }
  for (ListenerDraft& listener : draft.listeners) {
    settle_security(listener.listener, listener.security, draft.security, is_local);
    draft.config.listeners.push_back(listener.listener);
  }
  const auto& listeners = draft.config.listeners;
  find_twins(listeners, findings);
  for (const Listener& listener : listeners) {
    if (listener.allow_anonymous) continue;
    findings.push_back(
        {Severity::warning,
         {listener.from.empty() ? file : listener.from, 0},
         "every client will be refused: allow_anonymous is false, and there is no way yet to "
         "configure users",
         "write 'allow_anonymous true' if everyone may connect"});
  }
  return std::move(draft.config);
}

}  // namespace mqz::broker
