#include "lib/broker/snapshot_keeper.h"

#include <algorithm>
#include <atomic>

#include "lib/broker/journal_sequencer.h"
#include "lib/broker/shard.h"
#include "lib/broker/snapshot_run.h"
#include "lib/storage/compaction.h"
#include "lib/storage/snapshot_thread.h"

namespace mqz::broker {
namespace {

constexpr std::size_t slice_bytes = 256U << 10U;
constexpr std::size_t waiting_max = 4U << 20U;
constexpr std::chrono::seconds pause_after_failure{10};

}  // namespace

class SnapshotKeeper::Target final : public SnapshotTarget {
 public:
  Target(storage::Journal& journal, storage::Position replay_from, std::function<void()> news)
      : thread_(std::make_unique<storage::SnapshotThread>(journal, replay_from, std::move(news))) {}

  // Once it has failed, what the shards still make goes nowhere.
  std::size_t room() override {
    return thread_->waiting_bytes() < waiting_max || outcome() ? slice_bytes : 0;
  }
  void add(storage::SnapshotSlice slice) override {
    if (outcome()) return;
    bytes_.fetch_add(slice.bytes(), std::memory_order_relaxed);
    thread_->add(std::move(slice));
  }
  void end() override { thread_->end(); }

  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  std::optional<Result<void>> outcome() const { return thread_->outcome(); }
  // The shards may still know this object, but do not run any more.
  void give_up() { thread_.reset(); }

 private:
  std::unique_ptr<storage::SnapshotThread> thread_;
  std::atomic<std::uint64_t> bytes_{0};
};

SnapshotKeeper::SnapshotKeeper(storage::Journal& journal, const JournalSequencer& sequencer,
                               Sizes sizes, std::function<void()> news)
    : journal_(journal),
      sequencer_(sequencer),
      sizes_(sizes),
      news_(std::move(news)),
      last_bytes_(sizes.last) {}

SnapshotKeeper::~SnapshotKeeper() {
  if (target_) target_->give_up();
}

bool SnapshotKeeper::is_due(MonoTime now) const {
  const std::uint64_t grown = sizes_.replayed + sequencer_.bytes() - grown_from_;
  return grown > std::max(sizes_.least, last_bytes_) && now >= not_before_;
}

void SnapshotKeeper::step(Shard& front, MonoTime now) {
  if (target_) return end(now);
  if (removes_) remove_segments();
  if (is_due(now) && !front.is_taking_snapshot()) begin(front);
}

void SnapshotKeeper::begin(Shard& front) {
  replay_from_ = front.applied() + 1;
  began_at_ = sequencer_.bytes();
  target_ = std::make_shared<Target>(journal_, replay_from_, news_);
  front.begin_snapshot(target_);
}

void SnapshotKeeper::end(MonoTime now) {
  const auto outcome = target_->outcome();
  if (!outcome) return;
  last_bytes_ = target_->bytes();
  target_.reset();
  if (!*outcome) {  // the journal still has everything
    not_before_ = now + pause_after_failure;
    return;
  }
  grown_from_ = began_at_;
  sizes_.replayed = 0;
  removes_ = true;
  remove_segments();
}

// Every queue's messages are in the snapshot, so nobody needs what is older.
void SnapshotKeeper::remove_segments() {
  const auto loads = storage::segment_loads(journal_.segments(), storage::LiveBytes{});
  const auto plan = storage::plan_compaction(loads, replay_from_);
  const auto removed = journal_.remove_segments(plan.remove, replay_from_);
  removes_ = removed && !*removed;
}

}  // namespace mqz::broker
