// What is in a store that nobody has open: the objects of its snapshot, and then the records that
// are not in it, in order. For people, who look at it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/time.h"
#include "lib/broker/parked_messages.h"
#include "lib/broker/record.h"
#include "lib/broker/snapshot_codec.h"
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

struct WalkedObject {
  const storage::SnapshotEntry& entry;
  const Error* error = nullptr;  // it does not read
  const SnapshotObject* object = nullptr;
};

// A message that a queue of the snapshot, or a group's share there, has only in the journal, where
// it does not read.
struct UnreadableMessage {
  const storage::SnapshotEntry& entry;
  std::uint64_t session = 0;   // its number; 0: a group's share
  std::uint64_t position = 0;  // in its queue; of a share, its origin
  storage::Address address{};
  const Unread& unread;  // not_found: its segment is missing
};

class WalkVisitor {
 public:
  virtual ~WalkVisitor() = default;
  virtual Result<void> on_object(const WalkedObject& object) = 0;
  virtual Result<void> on_unreadable(const UnreadableMessage& message) = 0;
  virtual Result<void> on_record(const WalkedRecord& record) = 0;
  // Positions that cannot be read, or that a repair has given up.
  virtual Result<void> on_lost(storage::Position first, storage::Position end,
                               bool is_given_up) = 0;
};

// Joins parts, and decodes. Deadlines are made points of `now`'s monotonic clock. Records before
// the beginning of the snapshot are passed over; of those behind it, some may be in it already.
class StoreWalk final : public storage::EntryVisitor, public storage::SnapshotVisitor {
 public:
  // Messages that queues have only in the journal are read back from the store; when there are more
  // than this in a part of a queue, the visitor gets it in several.
  static constexpr std::size_t read_back_bytes = std::size_t{1} << 20U;
  StoreWalk(WalkVisitor& visitor, Now now, os::Disk& disk, const std::string& directory);

  Result<void> on_snapshot_entry(const storage::SnapshotEntry& entry) override;
  Result<void> on_frame(const storage::JournalFrame& frame) override;
  Result<void> on_gap(storage::Position first, storage::Position end) override;
  // So far: records that were larger than a frame, and of which a part is missing.
  std::uint64_t broken() const { return parts_.broken(); }

 private:
  Result<void> come_to(storage::Position first);
  Result<void> show(const storage::RecordView& view, Bytes body, storage::Position position);

  Result<void> show_queue(const storage::SnapshotEntry& entry, QueueImage queue);
  storage::Address first_missing(const storage::BodyPlace& place) const;
  Result<void> read_back(const storage::SnapshotEntry& entry, const QueuePlace& queued,
                         QueuedMessage& message, std::uint32_t cost);

  WalkVisitor& visitor_;
  Now now_;
  storage::SegmentTable segments_{};
  Result<storage::AcceptedLoss> accepted_;
  JournalMessages parked_{segments_, accepted_.value_or(storage::AcceptedLoss{})};
  storage::PartJoiner parts_{};
  storage::Position replay_from_ = 0;
  storage::Position next_ = 0;  // 0: nothing yet
};

}  // namespace mqz::broker
