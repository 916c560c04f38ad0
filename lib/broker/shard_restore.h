// How a shard comes to the state that a snapshot has. The records behind it are replayed then; some
// of them are older than what they touch. Part of replay: used before the first record.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "lib/broker/shard.h"
#include "lib/broker/snapshot_codec.h"

namespace mqz::broker {

// What a shard knows of the snapshot it came from, until all that is older than it is replayed.
struct RestoredState {
  std::unordered_map<const Session*, std::uint64_t> stamps{};
  std::unordered_map<const Session*, std::uint64_t> queue_ends{};
  // The front's: no entry is newer, nor is what the snapshot says of shares.
  std::uint64_t end_stamp = 0;
  // Topics whose retained values the replayed records have set; of others the snapshot's stand, and
  // may be newer than the record that is applied.
  std::unordered_set<std::string> replayed_topics{};

  // Records that the replay has passed over, and of those the ones that no later life has named.
  std::vector<LostRecords> lost{};
  std::vector<LostRecords> unnamed{};
  // By a session's number: from where on its queue and its reads may not be those that records
  // name, since what is lost may have had a place there.
  struct Sure {
    std::uint64_t positions_end = 0;
    std::uint32_t last_read = 0;
  };
  std::unordered_map<std::uint64_t, Sure> sure{};

  // Is the entry at a position that a record names the one which it had then?
  bool is_sure(const Session& session, std::uint64_t position) const;
  bool is_sure_read(const Session& session, std::uint32_t number) const;
  // A life began on a state without these. If there are no others, it numbered what replay has.
  void begin_life(const std::vector<LostRecords>& without);
};

// Positions of queues whose entries are not in the snapshot, since a repair could not read them.
struct MissingEntries {
  // As many as 2 GB of the smallest messages.
  std::uint64_t left = std::uint64_t{1} << 25U;
  std::optional<std::string> too_many_of{};  // the client
};

class ShardRestore {
 public:
  explicit ShardRestore(Shard& shard) : shard_(shard) {}

  // What an older entry said of the client id has to be forgotten before.
  SlotId session(SessionImage image, std::uint64_t stamp);
  void queue(SlotId session, QueueImage image, MissingEntries& missing);
  void forget(std::string_view client_id);
  void retained(const MessageRef& message);
  void will(std::uint64_t claim, Will will);
  void share(ShareImage image, std::uint64_t stamp);
  void front(const FrontImage& image, std::uint64_t stamp);
  // The front's: how the broker's clock stood at the end of all.
  void clock(const ClockRecord& clock) { shard_.clock_ = clock; }
  // Where entries of a queue could not be read their positions count as settled.
  void fill_queues(MissingEntries& missing);
  // Here were records that are lost.
  void pass_over(const LostRecords& lost);
  // Messages that wait in segments that are not in `table`, added by segment and client id.
  using Missing = std::map<std::uint32_t, std::map<std::string, std::uint64_t>>;
  void find_missing(const storage::SegmentTable& table, Missing& missing) const;
  // All entries are there; `front` has the groups.
  void link_shares(const Shard& front);

 private:
  RestoredState& restored();
  static bool fill(Session& session, std::uint64_t end, MissingEntries& missing);

  Shard& shard_;
};

}  // namespace mqz::broker
