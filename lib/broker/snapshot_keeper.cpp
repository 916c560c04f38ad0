#include "lib/broker/snapshot_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "lib/broker/journal_sequencer.h"
#include "lib/broker/shard.h"
#include "lib/broker/shard_snapshot.h"
#include "lib/broker/snapshot_codec.h"
#include "lib/storage/snapshot_thread.h"

namespace mqz::broker {
namespace {

constexpr std::size_t slice_bytes = 256U << 10U;
constexpr std::size_t waiting_max = 4U << 20U;
constexpr std::chrono::seconds pause_after_failure{10};
// What a full disk holds may all be needed: then another snapshot frees nothing.
constexpr std::chrono::seconds pause_when_full{5};

}  // namespace

class SnapshotKeeper::Target final : public SnapshotTarget {
 public:
  Target(storage::Journal& journal, storage::Position replay_from, std::function<void()> news)
      : journal_(journal),
        stamp_(replay_from - 1),
        thread_(std::make_unique<storage::SnapshotThread>(journal, replay_from, std::move(news))) {}

  // Once it has failed, what the shards still make goes nowhere.
  std::size_t room() override {
    return thread_->waiting_bytes() < waiting_max || outcome() ? slice_bytes : 0;
  }
  void add(storage::SnapshotSlice slice) override {
    if (outcome()) return;
    bytes_.fetch_add(slice.bytes(), std::memory_order_relaxed);
    thread_->add(std::move(slice));
  }
  void add_parked(const storage::LiveBodies& bodies) override {
    const std::lock_guard hold(parked_lock_);
    parked_.merge(bodies);
  }
  // No segments are removed while a snapshot is taken.
  void end() override {
    storage::SnapshotSlice slice;
    {
      const std::lock_guard hold(parked_lock_);
      add_to(slice, name_segments(parked_, journal_.segments()), stamp_, {});
    }
    add(std::move(slice));
    thread_->end();
  }

  storage::LiveBodies take_parked() {
    const std::lock_guard hold(parked_lock_);
    return std::exchange(parked_, {});
  }
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  std::optional<Result<void>> outcome() const { return thread_->outcome(); }
  // The shards may still know this object, but do not run any more.
  void give_up() { thread_.reset(); }

 private:
  const storage::Journal& journal_;
  storage::Position stamp_;
  std::unique_ptr<storage::SnapshotThread> thread_;
  std::atomic<std::uint64_t> bytes_{0};
  std::mutex parked_lock_{};
  storage::LiveBodies parked_{};
};

SnapshotKeeper::SnapshotKeeper(storage::Journal& journal, const JournalSequencer& sequencer,
                               std::uint64_t least_bytes, const Found& found, EventLog* log,
                               std::function<void()> news)
    : journal_(journal),
      sequencer_(sequencer),
      least_bytes_(least_bytes),
      log_(log),
      news_(std::move(news)),
      replayed_bytes_(found.replayed_bytes),
      last_bytes_(found.snapshot_bytes),
      replay_from_(found.replay_from) {}

SnapshotKeeper::~SnapshotKeeper() {
  if (target_) target_->give_up();
}

// Without room on the disk also when it would let segments go.
bool SnapshotKeeper::is_due(MonoTime now) const {
  const std::uint64_t grown = replayed_bytes_ + sequencer_.bytes() - grown_from_;
  if (grown == 0 || now < not_before_) return false;
  if (grown > std::max(least_bytes_, last_bytes_)) return true;
  const bool is_full = journal_.space() != storage::SpaceState::ok;
  return is_full && now >= full_again_ && journal_.segments().all().size() > 1;
}

void SnapshotKeeper::step(Shard& front, MonoTime now) {
  if (target_) return end(front, now);
  if (removal_) end_removal(now);
  if (removes_ && !removal_) begin_removal(now);
  if (removal_) return;
  if (!front.snapshot().is_running() && is_due(now)) begin(front, now);
}

void SnapshotKeeper::begin(Shard& front, MonoTime now) {
  full_again_ = now + pause_when_full;
  begun_from_ = front.applied() + 1;
  begun_at_ = sequencer_.bytes();
  target_ = std::make_shared<Target>(journal_, begun_from_, news_);
  front.snapshot().begin(target_);
}

void SnapshotKeeper::end(Shard& front, MonoTime now) {
  const auto outcome = target_->outcome();
  if (!outcome) return;
  const std::uint64_t bytes = target_->bytes();
  const auto target = std::exchange(target_, nullptr);
  if (!*outcome) return failed("a snapshot of the store cannot be written", outcome->error(), now);
  last_bytes_ = bytes;
  grown_from_ = begun_at_;
  replayed_bytes_ = 0;
  replay_from_ = begun_from_;
  parked_ = target->take_parked();
  removes_ = true;
  worked();
  begin_removal(now);
  // What is written again takes room; segments that it empties go with the next snapshot.
  const auto plan = plan_segments();
  if (!plan.copy.empty() && journal_.space() == storage::SpaceState::ok)
    front.empty_segments(plan.copy);
}

storage::CompactionPlan SnapshotKeeper::plan_segments() const {
  return storage::plan_compaction(storage::segment_loads(journal_.segments(), parked_),
                                  replay_from_);
}

// Nobody needs what is older than the snapshot, but for what queues have left in the journal.
void SnapshotKeeper::begin_removal(MonoTime now) {
  if (now < not_before_) return;
  auto plan = plan_segments();
  if (plan.remove.empty()) {
    removes_ = false;
    return;
  }
  removal_ = std::make_unique<storage::RemovalThread>(journal_, std::move(plan.remove),
                                                      replay_from_, news_);
}

void SnapshotKeeper::end_removal(MonoTime now) {
  const auto outcome = removal_->outcome();
  if (!outcome) return;
  removal_.reset();
  if (*outcome) {
    removes_ = !**outcome;
  } else {
    failed("the store's old segments cannot be removed", outcome->error(), now);
  }
}

// The same cause is told once.
void SnapshotKeeper::failed(const std::string& what, const Error& error, MonoTime now) {
  not_before_ = now + pause_after_failure;
  std::string text =
      fmt::format("{}: {}; nothing is lost, and it is tried again", what, error.text);
  if (log_ != nullptr && text != told_) log_->write(LogType::warning, text);
  told_ = std::move(text);
}

void SnapshotKeeper::worked() {
  if (log_ != nullptr && !told_.empty())
    log_->write(LogType::notice, "snapshots of the store are taken again");
  told_.clear();
}

}  // namespace mqz::broker
