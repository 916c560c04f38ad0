// Sessions that a repaired store has lost, and what records behind the snapshot still say of them:
// a broker passes over those.
#pragma once

#include <map>
#include <string>

#include "lib/base/error.h"
#include "lib/broker/session_ledger.h"
#include "lib/os/disk.h"

namespace mqz::commands {

// By number, as far as somebody knew of them before the repair.
using KnownSessions = std::map<std::uint64_t, broker::SessionLedger::Entry>;

// Lines; none when no session is lost. Errors: those of dump_store.
Result<std::string> describe_gone(os::Disk& disk, const std::string& directory,
                                  const KnownSessions& before, Now now);

}  // namespace mqz::commands
