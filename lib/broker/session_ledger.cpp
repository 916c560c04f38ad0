#include "lib/broker/session_ledger.h"

namespace mqz::broker {

// Does the newer entry hold? Then the session that an older one told of is gone.
bool SessionLedger::supersede(const std::string& client_id, std::uint64_t stamp, bool is_end) {
  const auto [at, is_new] = stamps_.try_emplace(client_id, stamp);
  if (!is_new && stamp < at->second) return false;
  if (!is_new && stamp == at->second && !is_end) return false;
  at->second = stamp;
  const auto known = numbers_.find(client_id);
  if (known == numbers_.end()) return true;
  sessions_.erase(known->second);
  numbers_.erase(known);
  return true;
}

void SessionLedger::note(const SnapshotObject& object, std::uint64_t stamp) {
  if (const auto* image = std::get_if<ClockImage>(&object)) clock_offset_ = image->clock.offset;
  if (const auto* ended = std::get_if<EndedImage>(&object))
    static_cast<void>(supersede(ended->client_id, stamp, true));
  const auto* image = std::get_if<SessionImage>(&object);
  if (image == nullptr || !supersede(image->client_id, stamp, false)) return;
  numbers_[image->client_id] = image->number;
  Entry& entry = sessions_[image->number];
  entry = {.client_id = image->client_id,
           .claim = image->claim,
           .durable = image->durable,
           .is_online = image->is_online,
           .has_will = image->will.has_value(),
           .expiry_s = image->expiry_s,
           .stamp = stamp};
  for (const SubscriptionImage& one : image->subscriptions) entry.filters.insert(one.entry.filter);
}

// A session has the claim of its first CONNECT as its number, and keeps it when it is resumed.
void SessionLedger::note_connect(const ConnectRecord& connect, std::uint64_t position) {
  const auto stamp = stamps_.find(connect.client_id);
  if (stamp != stamps_.end() && position <= stamp->second) return;
  const auto known = numbers_.find(connect.client_id);
  const bool resumes = known != numbers_.end() && !connect.clean_start;
  if (!resumes && known != numbers_.end()) sessions_.erase(known->second);
  const std::uint64_t number = resumes ? known->second : connect.claim;
  numbers_[connect.client_id] = number;
  Entry& entry = sessions_[number];
  entry.client_id = connect.client_id;
  entry.claim = connect.claim;
  entry.durable |= connect.durable;
  entry.is_online = true;
  entry.has_will = connect.will.has_value();
  entry.expiry_s = connect.expiry_s;
}

void SessionLedger::note_disconnect(std::uint64_t number, Entry& entry,
                                    const DisconnectRecord& gone) {
  if (entry.claim != gone.claim) return;
  entry.is_online = false;
  entry.expiry_s = gone.expiry_s;
  if (!gone.will_wanted) entry.has_will = false;
  if (gone.expiry_s == 0) end(number, gone.claim);
}

// Who was connected to an earlier life of the broker is not any more.
void SessionLedger::note_start(std::uint64_t position) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ended;  // with their claims
  for (auto& [number, entry] : sessions_) {
    if (!entry.is_online || is_in(entry, position)) continue;
    entry.is_online = false;
    if (!entry.has_will && entry.expiry_s == 0) ended.emplace_back(number, entry.claim);
  }
  for (const auto& [number, claim] : ended) end(number, claim);
}

// Void when the client has been back.
void SessionLedger::end(std::uint64_t number, std::uint64_t claim) {
  const auto at = sessions_.find(number);
  if (at == sessions_.end() || at->second.claim != claim) return;
  numbers_.erase(at->second.client_id);
  sessions_.erase(at);
}

// Does the snapshot know of it?
bool SessionLedger::is_in(const Entry& entry, std::uint64_t position) {
  return entry.stamp != 0 && position <= entry.stamp;
}

void SessionLedger::note(const Record& record) {
  if (const auto* clock = std::get_if<ClockRecord>(&record.what)) clock_offset_ = clock->offset;
  if (const auto* connect = std::get_if<ConnectRecord>(&record.what))
    return note_connect(*connect, record.position);
  if (std::holds_alternative<StartRecord>(record.what)) return note_start(record.position);
  const auto at = sessions_.find(record.number);
  if (at == sessions_.end() || is_in(at->second, record.position)) return;
  if (const auto* subscribe = std::get_if<SubscribeRecord>(&record.what)) {
    for (const OwnedEntry& entry : subscribe->entries) at->second.filters.insert(entry.filter);
  } else if (const auto* unsubscribe = std::get_if<UnsubscribeRecord>(&record.what)) {
    for (const std::string& filter : unsubscribe->filters) at->second.filters.erase(filter);
  } else if (const auto* gone = std::get_if<DisconnectRecord>(&record.what)) {
    note_disconnect(record.number, at->second, *gone);
  } else if (const auto* will = std::get_if<WillRecord>(&record.what)) {
    at->second.has_will &= at->second.claim != will->claim;
    if (at->second.expiry_s == 0) end(record.number, will->claim);
  } else if (const auto* ended = std::get_if<EndRecord>(&record.what)) {
    end(record.number, ended->claim);
  }
}

std::string_view SessionLedger::client_of(std::uint64_t number) const {
  const auto at = sessions_.find(number);
  return at == sessions_.end() ? std::string_view{} : std::string_view(at->second.client_id);
}

std::uint64_t SessionLedger::session_of(const Record& record) const {
  const auto* connect = std::get_if<ConnectRecord>(&record.what);
  if (connect == nullptr) return record.number;
  const auto known = numbers_.find(connect->client_id);
  return known == numbers_.end() ? connect->claim : known->second;
}

}  // namespace mqz::broker
