// What there is to say about a store that nobody has open: read once, from its first byte on.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "lib/broker/session_ledger.h"
#include "lib/broker/store_walk.h"
#include "lib/storage/inspect.h"

namespace mqz::commands {

struct StoreCheck {
  std::string directory{};
  storage::StoreSummary summary{};  // with what does not read as a record among the damage
  // Durable sessions that were there when records were lost, and what they subscribed to: they may
  // lack messages.
  std::map<std::string, std::set<std::string>> touched{};

  // Messages that wait for a client and do not read, in one segment. They are damage, too, unless
  // the loss was accepted: a broker then passes over them.
  struct Unreadable {
    std::string client{};
    std::string file{};  // the path
    bool is_missing = false;
    bool is_accepted = true;               // its loss
    bool may_be_mended = false;            // it is not missing, but does not open
    std::vector<std::uint32_t> offsets{};  // of their records
  };
  std::vector<Unreadable> unreadable{};
  std::uint64_t broken = 0;  // records of which a part was given up: the rest is no use

  broker::SessionLedger ledger{};  // behind the last record

  bool is_sound() const { return summary.damage.empty(); }
};

// Errors: those of verify_store.
Result<StoreCheck> check_store(os::Disk& disk, const std::string& directory, Now now);

// Lines for people; the damage stands last, one line each.
std::string describe(const StoreCheck& check);
std::string describe_json(const StoreCheck& check);  // one line
// "PATH: offset N: what", and how many more.
std::string first_damage(const StoreCheck& check);

}  // namespace mqz::commands
