// The configuration while it is read: sections are open, defaults not yet settled.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "lib/broker/config/config.h"
#include "lib/broker/config/findings.h"

namespace mqz::broker {

// Words that are global or a listener's, as per_listener_settings says.
struct Security {
  std::optional<bool> allow_anonymous{};
  std::optional<bool> allow_empty_client_id{};
  std::optional<std::string> client_id_prefix{};
};

struct ListenerDraft {
  Listener listener{};
  Security security{};
};

struct Draft {
  Config config{};
  Security security{};
  std::vector<ListenerDraft> listeners{};
  // What `port` and `bind_address` make, and what listener words without a listener belong to.
  ListenerDraft unnamed{};
  bool unnamed_is_open = false;
  std::optional<Place> stray{};      // the first listener word above every listener
  std::size_t section = no_section;  // index of the listener that is open
  bool log_types_given = false;
  bool log_places_given = false;
  Place place{};                 // of the line that is read
  std::vector<Finding> notes{};  // what takes want to say

  static constexpr std::size_t no_section = static_cast<std::size_t>(-1);
  ListenerDraft& open_listener() { return section == no_section ? unnamed : listeners[section]; }
  Security& open_security() {
    return config.per_listener_settings ? open_listener().security : security;
  }
};

// A draft with every default of the table.
Draft fresh_draft();

// Settles what depends on several words; adds findings about it.
Config finish(Draft& draft, std::vector<Finding>& findings);

}  // namespace mqz::broker
