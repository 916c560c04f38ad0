// What a journal on a disk is to a broker, for its shards under test: it gives records their order,
// commits them at once or late, and has their bytes when the broker is killed.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "lib/broker/record_codec.h"
#include "lib/broker/shard.h"
#include "tests/scenario/kept_snapshot.h"
#include "tests/scenario/two_recoveries.h"

namespace mqz::scenario {

// Commits what was proposed in order, some records at a time, and only when it is told to.
class DelayingSequencer final : public broker::Sequencer {
 public:
  void propose(broker::Record&& record, Now) override { waiting_.push_back(std::move(record)); }
  std::optional<broker::Record> take_committed() override;
  // Lets up to `count` records through; false when none waits.
  bool release(std::size_t count);
  bool is_empty() const { return waiting_.empty(); }

 private:
  std::deque<broker::Record> waiting_{};
  std::size_t released_ = 0;
};

// One record as bytes.
struct KeptRecord {
  broker::RecordType type{};
  std::string body{};
};

// Keeps as bytes what another sequencer commits, and what it would lose in a crash.
class KeepingSequencer final : public broker::Sequencer {
 public:
  KeepingSequencer(std::unique_ptr<broker::Sequencer> inner, std::vector<KeptRecord>& kept,
                   bool parks)
      : inner_(std::move(inner)), kept_(kept), parks_(parks) {}
  void propose(broker::Record&& record, Now now) override;
  std::optional<broker::Record> take_committed() override;
  // The bytes of what was proposed and is not committed, in order.
  const std::deque<KeptRecord>& uncommitted() const { return uncommitted_; }

 private:
  std::unique_ptr<broker::Sequencer> inner_;
  std::vector<KeptRecord>& kept_;
  bool parks_;
  std::deque<KeptRecord> uncommitted_{};
};

class PlayedJournal {
 public:
  // For the front of the broker's next life. With `delays` it commits what `release` lets through,
  // and long queues are parked in it.
  std::unique_ptr<broker::Sequencer> make_sequencer(bool delays);
  // Brings fresh shards, whose time is set, to the state of the lives before; from all records,
  // and not yet finished, or from a snapshot and the segments that are left.
  broker::Replay recover(const Shards& shards, const KeptSnapshot* snapshot, Now now) const;
  // The same, finished. With a snapshot it is done both ways, the other with `spare` shards, and
  // either may be the one that the shards go on from, at the time that `go_on` says, if it is
  // given: it is told how the broker's clock stood. Says what tells them apart; see differences.
  using GoOn = std::function<Now(const broker::ClockRecord&)>;
  std::string recover_both_ways(const Shards& shards, const Shards& spare, KeptSnapshots& snapshots,
                                Compared what, Now now, const GoOn& go_on = {});

  // With a snapshot of which a repair has kept some entries alone: they come back somehow.
  void recover_with_holes(const Shards& spare, KeptSnapshots& snapshots, Now now) const;

  // False when nothing waits to be committed.
  bool release(std::size_t count) { return delaying_ != nullptr && delaying_->release(count); }
  bool is_settled() const { return delaying_ == nullptr || delaying_->is_empty(); }

  // The broker is killed. What it had not committed may be found again all the same, from the front
  // on: `found` of it. Its sequencer is not to be used any more.
  std::size_t uncommitted_count() const;
  void crash(std::size_t found);

  std::size_t record_count() const { return kept_.size(); }
  // When it has grown by half, messages of long queues are written again at the end.
  void compact(const Shards& shards);
  // The segments go that nobody needs who begins with this snapshot; it may be null.
  void remove_segments(const KeptSnapshot* snapshot);

 private:
  DelayingSequencer* delaying_ = nullptr;  // of the present life
  KeepingSequencer* keeping_ = nullptr;
  bool parks_ = false;
  std::size_t compact_at_ = 0;
  std::vector<KeptRecord> kept_{};  // of all lives
  std::set<std::uint32_t> gone_{};  // segments that a life which began with a snapshot lacks
  std::uint64_t removed_for_ = 0;   // the snapshot that the last were removed for
};

}  // namespace mqz::scenario
