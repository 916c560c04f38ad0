// Writes a snapshot beside the work: slices come from whoever has the objects, the disk's time is
// spent here. Destroyed before its end it leaves nothing behind.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "lib/storage/journal.h"
#include "lib/storage/snapshot_file.h"

namespace mqz::storage {

class SnapshotThread {
 public:
  // `replay_from`: every record from here on may be missing in what the slices say. `done` is
  // called once, on the thread, when it is over; then outcome() has an answer. It has one at once,
  // `unavailable`, when no thread can be started.
  SnapshotThread(Journal& journal, Position replay_from, std::function<void()> done);
  SnapshotThread(const SnapshotThread&) = delete;
  SnapshotThread& operator=(const SnapshotThread&) = delete;
  ~SnapshotThread();

  // Any thread.
  void add(SnapshotSlice slice);
  // Everything was added.
  void end();
  // Added and not yet written; who makes slices goes on when it is little.
  std::size_t waiting_bytes() const { return waiting_.load(std::memory_order_relaxed); }
  // Nothing until it is over. Success: the snapshot is durable, older ones are gone, and segments
  // that only they needed may be removed. unavailable: the disk is full; another time.
  std::optional<Result<void>> outcome() const;

 private:
  void run();
  Result<void> write_all();
  std::optional<SnapshotSlice> take();

  Journal& journal_;
  SnapshotHeader header_;
  std::function<void()> done_;
  mutable std::mutex lock_{};
  std::condition_variable changed_{};
  std::vector<SnapshotSlice> slices_{};  // the next to be written is the last
  std::vector<SnapshotSlice> added_{};
  bool ended_ = false;
  std::optional<Result<void>> outcome_{};
  std::atomic<bool> given_up_{false};
  std::atomic<std::size_t> waiting_{0};
  std::thread thread_{};  // last: it uses the others
};

}  // namespace mqz::storage
