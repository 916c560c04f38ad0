#include "tests/scenario/played_journal.h"

#include <algorithm>
#include <utility>

#include "lib/base/check.h"
#include "lib/broker/replay.h"
#include "lib/storage/compaction.h"

namespace mqz::scenario {
namespace {

KeptRecord kept(const broker::Record& record, Now now) {
  KeptRecord result{broker::type_of(record), std::string(broker::encoded_size(record, now), 0)};
  broker::encode(record, now, reinterpret_cast<std::byte*>(result.body.data()));
  return result;
}

broker::Record record_of(const KeptRecord& kept, Now now) {
  auto record = broker::decode(static_cast<std::uint16_t>(kept.type), broker::record_version,
                               as_bytes(kept.body), now);
  MQZ_CHECK(record.has_value());
  return *std::move(record);
}

// Segments of a few records; a record's offset is its position.
constexpr std::uint64_t records_in_segment = 8;

std::uint32_t segment_of(std::uint64_t position) {
  return static_cast<std::uint32_t>(1 + position / records_in_segment);
}

// Every third record comes in parts, the second of which is in the next segment.
storage::BodyPlace place_of(std::uint64_t position) {
  const auto offset = static_cast<std::uint32_t>(position);
  const storage::Address address{segment_of(position), offset};
  if (position % 3 != 0) return address;
  return storage::BodyPlace({address, {segment_of(position) + 1, offset}});
}

class PlayedMessages final : public broker::ParkedMessages {
 public:
  // `gone` may be null: nothing is.
  PlayedMessages(const std::vector<KeptRecord>& kept, const std::set<std::uint32_t>* gone)
      : kept_(kept), gone_(gone) {}
  broker::ReadMessage read(const storage::BodyPlace& place, std::uint32_t cost, Now now) override {
    const auto is_gone = [&](storage::Address one) { return gone_->contains(one.segment); };
    MQZ_CHECK(gone_ == nullptr || !place.any_of(is_gone));
    broker::Record record = record_of(kept_.at(place.at(0).offset - 1), now);
    broker::MessageRef message = broker::take_message(record);
    MQZ_CHECK(message && broker::cost_of(message->text_bytes()) == cost);
    return message;
  }

 private:
  const std::vector<KeptRecord>& kept_;
  const std::set<std::uint32_t>* gone_;
};

}  // namespace

std::optional<broker::Record> DelayingSequencer::take_committed() {
  if (released_ == 0 || waiting_.empty()) return std::nullopt;
  --released_;
  broker::Record record = std::move(waiting_.front());
  waiting_.pop_front();
  return record;
}

bool DelayingSequencer::release(std::size_t count) {
  released_ = std::min(count, waiting_.size());
  return released_ > 0;
}

void KeepingSequencer::propose(broker::Record&& record, Now now) {
  uncommitted_.push_back(kept(record, now));
  const broker::Record again = record_of(uncommitted_.back(), now);
  MQZ_CHECK(kept(again, now).body == uncommitted_.back().body);
  inner_->propose(std::move(record), now);
}

std::optional<broker::Record> KeepingSequencer::take_committed() {
  auto record = inner_->take_committed();
  if (!record) return record;
  kept_.push_back(std::move(uncommitted_.front()));
  uncommitted_.pop_front();
  record->position = kept_.size();
  if (parks_) record->place = place_of(kept_.size());
  return record;
}

std::unique_ptr<broker::Sequencer> PlayedJournal::make_sequencer(bool delays) {
  std::unique_ptr<broker::Sequencer> sequencer;
  if (delays) {
    auto delaying = std::make_unique<DelayingSequencer>();
    delaying_ = delaying.get();
    sequencer = std::move(delaying);
  } else {
    sequencer = std::make_unique<broker::MemorySequencer>();
  }
  auto keeping = std::make_unique<KeepingSequencer>(std::move(sequencer), kept_, delays);
  parks_ = delays;
  keeping_ = keeping.get();
  return keeping;
}

broker::Replay PlayedJournal::recover(const Shards& shards, const KeptSnapshot* snapshot,
                                      Now now) const {
  const std::set<std::uint32_t>* gone = snapshot == nullptr ? nullptr : &gone_;
  std::vector<broker::Shard*> pointers;
  for (const auto& shard : shards) {
    shard->use(std::make_unique<PlayedMessages>(kept_, gone));
    pointers.push_back(shard.get());
  }
  broker::Replay replay(std::move(pointers));
  if (snapshot != nullptr) snapshot->restore(replay, now);
  for (std::size_t index = 0; index < kept_.size(); ++index) {
    if (gone != nullptr && gone->contains(segment_of(index + 1))) continue;
    broker::Record record = record_of(kept_[index], now);
    record.position = index + 1;
    if (parks_) record.place = place_of(index + 1);
    replay.apply(std::move(record));
  }
  return replay;
}

// Who goes on from all records has all segments: of what a snapshot knew to be settled, the record
// may be lost.
std::string PlayedJournal::recover_both_ways(const Shards& shards, const Shards& spare,
                                             KeptSnapshots& snapshots, Compared what, Now now,
                                             const GoOn& go_on) {
  const KeptSnapshot* last = snapshots.last();
  const bool by_snapshot = last != nullptr && snapshots.coin();
  broker::Replay replay = recover(shards, by_snapshot ? last : nullptr, now);
  std::string found;
  if (last != nullptr) {
    recover(spare, by_snapshot ? nullptr : last, now);
    found =
        by_snapshot ? differences(shards, spare, what, now) : differences(spare, shards, what, now);
  }
  if (!by_snapshot) gone_.clear();
  if (!by_snapshot && last != nullptr) removed_for_ = last->replay_from;
  for (const auto& shard : shards) shard->use(std::make_unique<PlayedMessages>(kept_, &gone_));
  if (go_on) {
    const Now then = go_on(replay.clock());
    for (const auto& shard : shards) shard->set_now(then);
  }
  replay.finish();
  return found;
}

void PlayedJournal::remove_segments(const KeptSnapshot* snapshot) {
  if (snapshot == nullptr || snapshot->replay_from == removed_for_) return;
  removed_for_ = snapshot->replay_from;
  std::vector<storage::SegmentLoad> loads;
  for (std::uint64_t first = 0; first <= kept_.size(); first += records_in_segment) {
    const std::uint32_t ordinal = segment_of(first);
    loads.push_back({ordinal, first, records_in_segment, snapshot->parked.of(ordinal)});
  }
  const auto plan = storage::plan_compaction(loads, snapshot->replay_from);
  gone_.insert(plan.remove.begin(), plan.remove.end());
}

void PlayedJournal::recover_with_holes(const Shards& spare, KeptSnapshots& snapshots,
                                       Now now) const {
  if (snapshots.last() == nullptr) return;
  KeptSnapshot kept;
  kept.replay_from = snapshots.last()->replay_from;
  const bool has_few = snapshots.coin();
  for (const KeptSnapshot::Entry& entry : snapshots.last()->entries) {
    if (snapshots.coin() || (!has_few && snapshots.coin())) kept.entries.push_back(entry);
  }
  recover(spare, &kept, now).finish();
  const auto again = std::make_shared<KeptSnapshot>();
  for (std::size_t index = spare.size(); index > 0; --index)
    spare[index - 1]->snapshot().write_all(again);
  MQZ_CHECK(again->is_complete);
}

void PlayedJournal::compact(const Shards& shards) {
  if (!parks_ || kept_.size() < compact_at_) return;
  compact_at_ = kept_.size() + kept_.size() / 2 + records_in_segment;
  std::vector<std::uint32_t> old;
  for (std::uint64_t begin = 0; begin + records_in_segment <= kept_.size();
       begin += records_in_segment) {
    old.push_back(segment_of(begin));
  }
  if (!old.empty()) shards.front()->empty_segments(old);
}

std::size_t PlayedJournal::uncommitted_count() const {
  return keeping_ == nullptr ? 0 : keeping_->uncommitted().size();
}

void PlayedJournal::crash(std::size_t found) {
  for (std::size_t index = 0; index < found; ++index)
    kept_.push_back(keeping_->uncommitted()[index]);
  delaying_ = nullptr;
  keeping_ = nullptr;
}

}  // namespace mqz::scenario
