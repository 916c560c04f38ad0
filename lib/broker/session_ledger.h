// Which recorded sessions there are, what they subscribe to, and how the broker's clock stands, as
// told by a snapshot and the records behind it: for those who look at a store.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "lib/broker/record.h"
#include "lib/broker/snapshot_codec.h"

namespace mqz::broker {

class SessionLedger {
 public:
  struct Entry {
    std::string client_id{};
    std::uint64_t claim = 0;  // of its last CONNECT
    bool durable = false;     // outlives its connection
    bool is_online = false;
    bool has_will = false;       // that has not been due
    std::uint32_t expiry_s = 0;  // 0: it ends with its connection, or with its will
    std::uint64_t stamp = 0;     // older records are in it
    std::set<std::string> filters{};
  };

  // All of a snapshot, before the first record.
  void note(const SnapshotObject& object, std::uint64_t stamp);
  // In the order of the journal.
  void note(const Record& record);
  // Of a session's number; empty if its CONNECT is not known.
  std::string_view client_of(std::uint64_t number) const;
  // The session that the record is about: its number is kept in it, but for a CONNECT.
  std::uint64_t session_of(const Record& record) const;
  // How far the system's wall clock was ahead of the broker's, whose points deadlines are.
  Millis clock_offset() const { return clock_offset_; }
  const std::map<std::uint64_t, Entry>& sessions() const { return sessions_; }
  bool has(std::uint64_t number) const { return sessions_.contains(number); }

 private:
  void note_connect(const ConnectRecord& connect, std::uint64_t position);
  void note_start(std::uint64_t position);
  void note_disconnect(std::uint64_t number, Entry& entry, const DisconnectRecord& gone);
  bool supersede(const std::string& client_id, std::uint64_t stamp, bool is_end);
  static bool is_in(const Entry& entry, std::uint64_t position);
  void end(std::uint64_t number, std::uint64_t claim);

  Millis clock_offset_{};
  std::map<std::uint64_t, Entry> sessions_{};                    // by number
  std::map<std::string, std::uint64_t, std::less<>> numbers_{};  // by client id
  std::map<std::string, std::uint64_t> stamps_{};                // what the snapshot says of those
};

}  // namespace mqz::broker
