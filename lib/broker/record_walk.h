// The records of a store that nobody has open, in order: for people, who look at it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/time.h"
#include "lib/broker/record.h"
#include "lib/storage/inspect.h"
#include "lib/storage/parts.h"

namespace mqz::broker {

struct WalkedRecord {
  storage::Position position = 0;
  storage::RecordHead head{};
  std::size_t bytes = 0;         // of the whole body
  const Error* error = nullptr;  // it does not read
  const Record* record = nullptr;
};

class RecordVisitor {
 public:
  virtual ~RecordVisitor() = default;
  virtual Result<void> on_record(const WalkedRecord& record) = 0;
  // Positions that cannot be read, or that a repair has given up.
  virtual Result<void> on_lost(storage::Position first, storage::Position end,
                               bool is_given_up) = 0;
};

// Joins parts, and decodes. Deadlines are made points of `now`'s monotonic clock.
class RecordWalk final : public storage::EntryVisitor {
 public:
  RecordWalk(RecordVisitor& visitor, Now now) : visitor_(visitor), now_(now) {}

  Result<void> on_frame(const storage::JournalFrame& frame) override;
  Result<void> on_gap(storage::Position first, storage::Position end) override;

 private:
  Result<void> come_to(storage::Position first);
  Result<void> show(const storage::RecordView& view, Bytes body, storage::Position position);

  RecordVisitor& visitor_;
  Now now_;
  storage::PartJoiner parts_{};
  storage::Position next_ = 0;  // 0: nothing yet
};

}  // namespace mqz::broker
