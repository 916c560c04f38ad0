// What the broker keeps on the disk: the local journal, and how its state comes back from it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "lib/base/error.h"
#include "lib/broker/replay.h"
#include "lib/storage/commit_thread.h"
#include "lib/storage/journal.h"
#include "lib/storage/store.h"

namespace mqz::broker {

struct StoreOptions {
  std::string directory{};  // empty: nothing is kept
  storage::Durability durability = storage::Durability::sync;
  Millis interval{50};
  bool salvages = false;  // a damaged store is repaired at the start, at the price of the loss
  std::string repair_command{};  // for who reads of damage in the log
  storage::RoomSizes sizes{};
  os::Disk* disk = nullptr;  // null: the system's
  // A snapshot is taken when the journal has grown by this much, and by the size of the last one.
  std::uint64_t snapshot_bytes = 64ULL << 20U;
};

os::Disk& disk_of(const StoreOptions& options);

// "memory", "sync", "interval:50ms" or "none".
std::string durability_text(const StoreOptions& options);

class Store {
 public:
  // Brings the shards that `replay` has to the state the store holds, with deadlines on the scale
  // of BrokerClock. Errors: those of storage::open_store, and invalid for records of a newer
  // program.
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options, Replay& replay);
  // Begins to commit. `news` is called on another thread when something was committed or has
  // failed.
  void start(std::function<void()> news);

  storage::Journal& journal() { return *journal_; }
  const storage::OpenReport& report() const { return report_; }
  // Messages that were lost as a whole because a part of them was: found when it was opened.
  std::uint64_t broken_messages() const { return broken_messages_; }
  // Of the snapshot that was found; 0 if there is none.
  std::uint64_t snapshot_bytes() const;

 private:
  Store() = default;
  storage::OpenReport report_{};
  std::uint64_t broken_messages_ = 0;
  std::unique_ptr<storage::Journal> journal_{};
  std::unique_ptr<storage::CommitThread> committer_{};
};

}  // namespace mqz::broker
