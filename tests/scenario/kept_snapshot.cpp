#include "tests/scenario/kept_snapshot.h"

#include <utility>

#include "lib/base/check.h"
#include "lib/broker/snapshot_codec.h"

namespace mqz::scenario {

std::size_t KeptSnapshot::room() {
  if (allowed == 0) return 0;
  if (allowed != SIZE_MAX) --allowed;
  return 1;
}

void KeptSnapshot::add(storage::SnapshotSlice slice) {
  MQZ_CHECK(reader_.read(sealer_.seal(slice)) == storage::BlockFault::none);
  storage::SnapshotEntry entry;
  while (reader_.next(entry)) {
    entries.push_back({entry.kind, entry.version, std::string(as_text(entry.key)), entry.stamp,
                       std::string(as_text(entry.value))});
  }
}

broker::SnapshotObject KeptSnapshot::object(std::size_t index, Now now) const {
  const Entry& entry = entries[index];
  auto object = broker::decode(
      {entry.kind, entry.version, as_bytes(entry.key), entry.stamp, as_bytes(entry.value)}, now);
  MQZ_CHECK(object.has_value());
  return *std::move(object);
}

void KeptSnapshot::restore(broker::Replay& replay, Now now) const {
  for (std::size_t index = 0; index < entries.size(); ++index)
    replay.restore(object(index, now), entries[index].stamp);
}

void KeptSnapshots::step(const Shards& shards) {
  if (!is_on_ || shards.empty()) return;
  if (running_ && running_->is_complete) last_ = std::exchange(running_, nullptr);
  if (!running_ && random_() % 4 == 0) {
    running_ = std::make_shared<KeptSnapshot>();
    running_->replay_from = shards.front()->applied() + 1;
    shards.front()->snapshot().begin(running_);
  }
  if (running_) running_->allowed = random_() % 4;
}

void KeptSnapshots::hurry() {
  if (running_) running_->allowed = SIZE_MAX;
}

void KeptSnapshots::crash() {
  if (running_ && running_->is_complete) last_ = running_;
  running_.reset();
}

}  // namespace mqz::scenario
