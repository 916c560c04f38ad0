// The sessions of one shard by client id. Owns nothing; a session's client id never changes.
#pragma once

#include <tsl/robin_set.h>

#include <string_view>

#include "lib/broker/session.h"

namespace mqz::broker {

class ClientSessions {
 public:
  Session* find(std::string_view client_id) const {
    const auto at = sessions_.find(client_id);
    return at == sessions_.end() ? nullptr : *at;
  }
  void insert(Session& session) { sessions_.insert(&session); }
  void erase(const Session& session) { sessions_.erase(std::string_view(session.client_id)); }

 private:
  static std::string_view text(const Session* session) { return session->client_id; }
  static std::string_view text(std::string_view client_id) { return client_id; }
  struct Hash {
    std::size_t operator()(const auto& key) const {
      return std::hash<std::string_view>{}(text(key));
    }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const { return text(a) == text(b); }
  };
  tsl::robin_set<Session*, Hash, Equal> sessions_{};
};

}  // namespace mqz::broker
