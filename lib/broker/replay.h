// Makes the state of an earlier life of the broker from a snapshot of it and its records, by the
// very code that applies them while it lives. Before the threads start: one thread has all shards.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/base/error.h"
#include "lib/broker/shard.h"
#include "lib/broker/shard_restore.h"
#include "lib/broker/snapshot_codec.h"

namespace mqz::broker {

// Messages that wait, and whose segment of the journal is not there any more.
struct MissingMessages {
  std::uint32_t ordinal = 0;
  storage::Position first = 0;                     // 0: not known
  std::string file{};                              // the segment's name
  std::map<std::string, std::uint64_t> clients{};  // how many of each client id
};

// "7 messages", "1 message"
std::string count_messages(std::uint64_t count);
// "DIR/FILE: missing, with 7 messages that wait for 4 clients (x, y, z, …)"
std::string text_of(const MissingMessages& missing, const std::string& directory);

class Replay {
 public:
  // The shards of the new life, the front first; fresh, and with their time set: what it is does
  // not matter before finish(), but it must have the scale that deadlines were decoded with.
  explicit Replay(std::vector<Shard*> shards, MissingEntries missing = {});

  // The next entry of a snapshot, with its stamp. All of them before the first record.
  void restore(SnapshotObject object, std::uint64_t stamp);
  // All of them reflect what is older.
  std::uint64_t replay_from() const { return replay_from_; }
  // The next record, with its position; some may be older than the objects they touch.
  void apply(Record record);
  // Behind the last record, positions that a repair has given up.
  void pass_over(const LostRecords& lost);
  // corrupt when a snapshot says of a queue what none can be like.
  Result<void> check() const;
  // There are no more: the shards are as they were.
  void end();
  // Behind the last record: how the broker's clock stood, as far as records tell. Its time goes on
  // from there before finish().
  const ClockRecord& clock() const { return clock_; }
  // Behind the last record: which messages of queues cannot be in any segment.
  std::vector<MissingMessages> find_missing(const storage::SegmentTable& table) const;
  // The same as end(), and a new life begins. What the earlier life still owed is proposed: wills
  // that were due, and what shared groups had been given and nobody was found for.
  void finish();

 private:
  struct Place {
    ShardIndex shard = 0;
    SlotId session{};
  };
  struct Known {
    std::uint64_t stamp = 0;
    std::uint64_t number = 0;  // 0: no session
    ShardIndex shard = 0;
  };
  bool supersede(const std::string& client_id, const Known& newer);
  void restore_session(SessionImage image, std::uint64_t stamp);
  void end_restoring();
  void find_session(Record& record) const;
  void note_time(const Record& record);
  void apply_moved(const Record& record, const MovedRecord& moved);
  void carry_mail();

  std::vector<Shard*> shards_;
  std::unordered_map<std::uint64_t, Place> sessions_{};  // by number
  // What the snapshot says of client ids.
  std::unordered_map<std::string, Known> known_{};
  std::unordered_map<std::uint64_t, std::uint64_t> ended_{};  // when, by number
  SegmentsImage needed_segments_{};
  MissingEntries missing_;
  ClockRecord clock_{};
  std::uint64_t replay_from_ = 0;
  std::uint64_t last_position_ = 0;
  bool is_restoring_ = false;
};

}  // namespace mqz::broker
