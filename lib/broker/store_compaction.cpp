#include "lib/broker/store_compaction.h"

#include <memory>
#include <vector>

#include "lib/broker/replay.h"
#include "lib/broker/shard_snapshot.h"
#include "lib/broker/snapshot_codec.h"
#include "lib/broker/store.h"
#include "lib/os/random.h"
#include "lib/storage/compaction.h"
#include "lib/storage/snapshot_file.h"

namespace mqz::broker {
namespace {

constexpr std::size_t slice_bytes = 256U << 10U;

// Messages of queues that have little company in their segments are taken into the snapshot, from
// which a broker has them in memory: not more than this.
constexpr std::uint64_t taken_bytes_max = 64ULL << 20U;

// Only sees what queues have in the journal.
class CountingTarget final : public SnapshotTarget {
 public:
  std::size_t room() override { return slice_bytes; }
  void add(storage::SnapshotSlice) override {}
  void add_parked(const storage::LiveBodies& bodies) override { parked_.merge(bodies); }
  void end() override {}
  const storage::LiveBodies& parked() const { return parked_; }

 private:
  storage::LiveBodies parked_{};
};

class FileTarget final : public SnapshotTarget {
 public:
  FileTarget(storage::SnapshotWriter writer, const storage::SegmentTable& segments,
             storage::Position stamp)
      : writer_(std::move(writer)), segments_(segments), stamp_(stamp) {}
  std::size_t room() override { return slice_bytes; }
  void add(storage::SnapshotSlice slice) override {
    if (result_) result_ = writer_.add(std::move(slice));
  }
  void add_parked(const storage::LiveBodies& bodies) override { parked_.merge(bodies); }
  void end() override {
    storage::SnapshotSlice slice;
    add_to(slice, name_segments(parked_, segments_), stamp_, {});
    add(std::move(slice));
    if (result_) result_ = writer_.finish();
  }
  const Result<void>& result() const { return result_; }
  std::uint64_t bytes() const { return writer_.bytes(); }
  const storage::LiveBodies& parked() const { return parked_; }

 private:
  storage::SnapshotWriter writer_;
  const storage::SegmentTable& segments_;
  storage::Position stamp_;
  Result<void> result_{};
  storage::LiveBodies parked_{};
};

using Shards = std::vector<std::unique_ptr<Shard>>;

Shards make_shards(ShardIndex count) {
  const std::uint64_t seed = os::random_u64();
  Shards shards;
  for (ShardIndex index = 0; index < count; ++index) {
    Shard::Options options{.index = index, .count = count, .hash_seed = seed, .name_seed = seed};
    if (index == front_shard) options.sequencer = std::make_unique<MemorySequencer>();
    shards.push_back(std::make_unique<Shard>(std::move(options)));
  }
  return shards;
}

void write_all(const Shards& shards, const std::shared_ptr<SnapshotTarget>& target,
               const std::vector<std::uint32_t>& taken) {
  shards.front()->snapshot().write_clock(*target);
  for (std::size_t index = shards.size(); index > 0; --index)  // the front last
    shards[index - 1]->snapshot().write_all(target, taken);
}

// Segments with so little that is needed that the snapshot takes it, the emptiest first.
std::vector<std::uint32_t> segments_to_take(const storage::SegmentTable& segments,
                                            const Shards& shards, storage::Position replay_from) {
  const auto counted = std::make_shared<CountingTarget>();
  write_all(shards, counted, {});
  const auto loads = storage::segment_loads(segments, counted->parked());
  std::vector<std::uint32_t> taken;
  std::uint64_t bytes = 0;
  for (const std::uint32_t ordinal : storage::plan_compaction(loads, replay_from).copy) {
    bytes += counted->parked().repeated(ordinal);
    if (bytes > taken_bytes_max) break;
    taken.push_back(ordinal);
  }
  return taken;
}

}  // namespace

Result<StoreCompaction> compact_store(os::Disk& disk, const std::string& directory,
                                      ShardIndex shard_count) {
  const Shards shards = make_shards(shard_count);
  std::vector<Shard*> pointers;
  for (const auto& shard : shards) pointers.push_back(shard.get());
  Replay replay(pointers);
  auto store = Store::open({.directory = directory, .disk = &disk}, replay);
  if (!store) return tl::unexpected(store.error());
  storage::Journal& journal = (*store)->journal();
  replay.end();
  for (Shard* shard : pointers) shard->use(std::make_unique<JournalMessages>(journal.segments()));
  const storage::Position replay_from = shards.front()->applied() + 1;
  const auto taken = segments_to_take(journal.segments(), shards, replay_from);
  auto writer =
      storage::SnapshotWriter::begin(journal.disk(), journal.directory(),
                                     {journal.store_id(), replay_from, journal.last_segment()});
  if (!writer) return tl::unexpected(writer.error());
  const auto target =
      std::make_shared<FileTarget>(std::move(*writer), journal.segments(), replay_from - 1);
  write_all(shards, target, taken);
  if (!target->result()) return tl::unexpected(target->result().error());
  StoreCompaction done{.snapshot_bytes = target->bytes()};
  const auto loads = storage::segment_loads(journal.segments(), target->parked());
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
