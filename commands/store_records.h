// Records and objects of a broker's store as lines: one JSON object each, or text for people. Pure.
#pragma once

#include <string>

#include "commands/store_line.h"
#include "lib/broker/session_ledger.h"
#include "lib/broker/store_walk.h"

namespace mqz::commands {

// Appends the line, with its end. JSON loses nothing: payloads are as `mqz sub --json` has them;
// text shows the beginning of long ones. `now` is what the record was decoded with; `ledger` knows
// what stands before the record.
void append_record(std::string& to, const broker::WalkedRecord& walked,
                   const broker::SessionLedger& ledger, Now now, RecordForm form);

// Positions that are not there.
void append_lost(std::string& to, storage::Position first, storage::Position end, bool is_given_up,
                 RecordForm form);

// An object of the snapshot; a queue has a line for each of its entries.
void append_object(std::string& to, const broker::WalkedObject& walked,
                   const broker::SessionLedger& ledger, Now now, RecordForm form);

}  // namespace mqz::commands
