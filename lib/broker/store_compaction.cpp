#include "lib/broker/store_compaction.h"

#include <memory>
#include <optional>
#include <vector>

#include "lib/broker/replay.h"
#include "lib/broker/shard_snapshot.h"
#include "lib/broker/store.h"
#include "lib/os/random.h"
#include "lib/storage/compaction.h"
#include "lib/storage/snapshot_file.h"

namespace mqz::broker {
namespace {

constexpr std::size_t slice_bytes = 256U << 10U;

class FileTarget final : public SnapshotTarget {
 public:
  explicit FileTarget(storage::SnapshotWriter writer) : writer_(std::move(writer)) {}
  std::size_t room() override { return slice_bytes; }
  void add(storage::SnapshotSlice slice) override {
    if (result_) result_ = writer_.add(std::move(slice));
  }
  void end() override {
    if (result_) result_ = writer_.finish();
  }
  const Result<void>& result() const { return result_; }
  std::uint64_t bytes() const { return writer_.bytes(); }

 private:
  storage::SnapshotWriter writer_;
  Result<void> result_{};
};

using Shards = std::vector<std::unique_ptr<Shard>>;

Shards make_shards(ShardIndex count, Now now) {
  const std::uint64_t seed = os::random_u64();
  Shards shards;
  for (ShardIndex index = 0; index < count; ++index) {
    Shard::Options options{.index = index, .count = count, .hash_seed = seed, .name_seed = seed};
    if (index == front_shard) options.sequencer = std::make_unique<MemorySequencer>();
    shards.push_back(std::make_unique<Shard>(std::move(options)));
    shards.back()->set_now(now);
  }
  return shards;
}

// Returns its bytes.
Result<std::uint64_t> write_snapshot(storage::Journal& journal, const Shards& shards,
                                     storage::Position replay_from) {
  auto writer = storage::SnapshotWriter::begin(journal.disk(), journal.directory(),
                                               {journal.store_id(), replay_from});
  if (!writer) return tl::unexpected(writer.error());
  const auto target = std::make_shared<FileTarget>(std::move(*writer));
  for (std::size_t index = shards.size(); index > 0; --index)  // the front last
    shards[index - 1]->snapshot().write_all(target);
  if (!target->result()) return tl::unexpected(target->result().error());
  return target->bytes();
}

}  // namespace

Result<StoreCompaction> compact_store(os::Disk& disk, const std::string& directory,
                                      ShardIndex shard_count, Now now) {
  const Shards shards = make_shards(shard_count, now);
  std::vector<Shard*> pointers;
  for (const auto& shard : shards) pointers.push_back(shard.get());
  Replay replay(pointers);
  auto store = Store::open({.directory = directory, .disk = &disk}, replay, now);
  if (!store) return tl::unexpected(store.error());
  storage::Journal& journal = (*store)->journal();
  replay.end();
  const storage::Position replay_from = shards.front()->applied() + 1;
  const auto written = write_snapshot(journal, shards, replay_from);
  if (!written) return tl::unexpected(written.error());
  StoreCompaction done{.snapshot_bytes = *written};
  const auto loads = storage::segment_loads(journal.segments(), storage::LiveBytes{});
  const auto plan = storage::plan_compaction(loads, replay_from);
  const auto removed = journal.remove_segments(plan.remove, replay_from);
  if (!removed) return tl::unexpected(removed.error());
  for (const storage::SegmentLoad& load : loads) {
    if (journal.segments().find(load.ordinal) != nullptr) continue;
    ++done.removed_segments;
    done.removed_bytes += load.bytes;
  }
  return done;
}

}  // namespace mqz::broker
