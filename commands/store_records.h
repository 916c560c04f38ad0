// Records of a broker's store as lines: one JSON object each, or text for people. Pure.
#pragma once

#include <string>

#include "lib/broker/record_walk.h"
#include "lib/broker/session_ledger.h"
#include "lib/storage/snapshot.h"

namespace mqz::commands {

enum class RecordForm : unsigned char { text, json };

// Appends the line, with its end. JSON loses nothing: payloads are as `mqz sub --json` has them;
// text shows the beginning of long ones. `now` is what the record was decoded with; `ledger` knows
// what stands before the record.
void append_record(std::string& to, const broker::WalkedRecord& walked,
                   const broker::SessionLedger& ledger, Now now, RecordForm form);

// Positions that are not there.
void append_lost(std::string& to, storage::Position first, storage::Position end, bool is_given_up,
                 RecordForm form);

// An entry of the snapshot; the broker's kinds are not taken apart.
void append_snapshot_entry(std::string& to, const storage::SnapshotEntry& entry, RecordForm form);

}  // namespace mqz::commands
