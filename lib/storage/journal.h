// The local journal: takes frames, and says when they are as durable as was promised. One owner
// appends; one committer (a CommitThread, or a test by hand) calls step(). While a sync runs the
// next batch gathers, so there is no timer in the way of a commit.
//
// When the disk fails, nothing is committed any more, for ever: the owner reads failure() and ends
// the process. A full disk is no failure: what has no room waits.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/storage/journal_writer.h"

namespace mqz::storage {

enum class Durability : std::uint8_t {
  sync,      // committed = synced
  interval,  // committed = written; synced every interval
  none,      // committed = written; synced when a segment is full, and at the end
};

struct JournalOptions {
  Durability durability = Durability::sync;
  Millis interval{50};
  RoomSizes sizes{};
  // A frame with its header; more than the reserve's segments hold is not allowed.
  std::uint32_t frame_bytes_max = std::uint32_t{1} << 20U;
};

class Journal {
 public:
  struct Parts {
    os::Disk& disk;
    std::string directory{};
    std::unique_ptr<os::DiskLock> lock{};
    std::unique_ptr<SegmentTable> table{};
    std::unique_ptr<Room> room{};
    JournalEnd end{};
  };
  Journal(Parts parts, const JournalOptions& options);

  // ---- The owner. ----

  // Called by the committer, on its thread, when there is news: something is committed, or failed,
  // or the space has changed. Set before the first step.
  void on_news(std::function<void()> hook) { news_ = std::move(hook); }
  // Returns the position of the frame's first record.
  Position append(Frame frame);
  // Frames committed since the last call, in order, added to `to`.
  void take_committed(std::vector<Committed>& to);
  // A buffer for FrameBuilder::reuse; empty when there is none.
  FrameBuffer take_buffer();
  Position next_position() const { return next_; }

  // ---- Any thread. ----

  // Positions below are committed, and durable.
  Position committed_end() const { return committed_.load(std::memory_order_acquire); }
  Position durable_end() const { return durable_.load(std::memory_order_acquire); }
  // What was appended and is not yet committed; the owner holds back when it is much.
  std::uint64_t waiting_bytes() const { return waiting_.load(std::memory_order_relaxed); }
  SpaceState space() const { return space_.load(std::memory_order_relaxed); }
  // For a person: what was missing when the space was last not ok.
  std::string shortage() const;
  std::optional<Error> failure() const;
  const SegmentTable& segments() const { return *parts_.table; }
  // Of the segment that is being written; it and later ones are not to be removed.
  // So that who reads in it can name it.
  void note_missing(std::uint32_t ordinal, MissingSegment segment) {
    parts_.table->note_missing(ordinal, std::move(segment));
  }
  std::uint32_t last_segment() const { return parts_.table->last(); }
  // Removes whole segments, which the durable snapshot does without; slowly, so not on a thread
  // that serves anybody. `counted`: the owner has applied everything below, and found nothing alive
  // in them; false, and nothing is removed, as long as that is not durable, since a power cut could
  // bring it back to life. Who reads a segment goes on undisturbed.
  Result<bool> remove_segments(std::span<const std::uint32_t> ordinals, Position counted);
  // Syncs soon, in whatever mode.
  void sync_soon();
  // Blocks until `end` is durable; false if that is given up: by a failure, at finish(), or by the
  // flag, which is looked at now and then.
  bool wait_durable(Position end, const std::atomic<bool>& given_up);
  const std::string& directory() const { return parts_.directory; }
  std::uint64_t store_id() const { return store_id_; }
  os::Disk& disk() const { return parts_.disk; }

  // ---- The committer. ----

  // Commits what was appended before. Returns when to call again if nothing is appended meanwhile.
  MonoTime step(MonoTime now);
  // Blocks until something is appended, `until`, or wake(). False after end_waiting().
  bool wait(MonoTime until);
  void wake();
  void end_waiting();
  // The last step: commits and syncs everything, and marks it. Only a full disk leaves something.
  void finish(MonoTime now);

 private:
  Result<void> commit(MonoTime now);
  Result<void> write_batch();
  Result<void> settle(MonoTime now, std::uint64_t committed_bytes);
  std::uint64_t publish();
  void fail_for_ever(const Error& error);
  SpaceState note_space();
  MonoTime next_step(MonoTime now) const;
  void take_batch();
  bool is_sync_due(MonoTime now) const;
  bool takes_mark(MonoTime now) const;

  Parts parts_;
  JournalOptions options_;
  std::uint64_t store_id_;
  std::function<void()> news_{};

  Position next_;  // the owner's

  // Between the owner and the committer.
  mutable std::mutex lock_{};
  std::condition_variable changed_{};
  std::condition_variable durable_changed_{};
  std::vector<Frame> appended_{};
  std::vector<Committed> committed_frames_{};
  std::vector<FrameBuffer> buffers_{};
  std::optional<Error> failure_{};
  std::string shortage_{};
  bool stuck_ = false;  // the disk is full, for the reserve, too; set by the committer alone
  bool woken_ = false;
  bool sync_wanted_ = false;
  bool ended_ = false;
  bool finished_ = false;

  std::atomic<Position> committed_;
  std::atomic<Position> durable_;
  std::atomic<std::uint64_t> waiting_{0};
  std::atomic<SpaceState> space_{SpaceState::ok};

  // The committer's.
  JournalWriter writer_;
  std::vector<Frame> batch_{};
  std::size_t written_ = 0;  // of batch_
  std::string stuck_on_{};
  std::vector<Committed> places_{};
  bool failed_ = false;
  bool sync_now_ = false;  // was wanted
  MonoTime last_sync_{};
  MonoTime last_commit_{};
};

}  // namespace mqz::storage
