// The broker's durable state as entries of a snapshot. FORMAT: an entry's kind is a SnapshotKind;
// numbers, texts and deadlines are as in records (record_codec.h). snapshot_codec.cpp has the
// fields in their order; a change of them needs a new version of the kind.
//
// What a client id, a topic or a group's share is at the entry's stamp follows from the entry with
// the highest stamp alone; records behind the stamp are applied to it.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/time.h"
#include "lib/broker/owed_read.h"
#include "lib/broker/record.h"
#include "lib/broker/send_queue.h"
#include "lib/storage/compaction.h"
#include "lib/storage/snapshot.h"

namespace mqz::broker {

enum class SnapshotKind : std::uint8_t {
  session = 1,
  queue = 2,
  ended = 3,
  retained = 4,
  will = 5,
  share = 6,
  front = 7,
  segments = 8,
  clock = 9,
};

inline constexpr std::uint8_t snapshot_entry_version = 1;

struct SubscriptionImage {
  OwnedEntry entry{};
  std::uint32_t identifier = 0;
};

// A session without the entries of its queue. Key: the client id.
struct SessionImage {
  std::string client_id{};
  std::uint64_t number = 0;
  std::uint64_t claim = 0;
  ShardIndex shard = 0;  // where it was
  bool durable = false;
  bool is_online = false;
  std::uint32_t expiry_s = 0;
  MonoTime expires = MonoTime::max();
  MonoTime will_due = MonoTime::max();
  std::vector<SubscriptionImage> subscriptions{};  // shared ones by their whole filter
  std::vector<std::uint16_t> received{};
  std::uint32_t last_read = 0;
  std::vector<OwedRead> reads_owed{};
  std::uint64_t queue_begin = 0;
  std::uint64_t queue_end = 0;
  std::uint64_t dup_until = 0;
  SendQueue::Reach reach{};
  std::optional<Will> will{};
};

// Entries of a queue, in order, behind the session's image or the part before, and of the same
// stamp; from position `begin` on, without gaps but for what a repair could not read. What was sent
// counts as queued: whoever resumes gets it again. Key: the session's number.
struct QueueImage {
  std::uint64_t number = 0;
  std::uint64_t begin = 0;
  std::vector<Outgoing> entries{};
};

// The client id has no session any more; this was its last.
struct EndedImage {
  std::string client_id{};
  std::uint64_t number = 0;
};

struct RetainedImage {
  MessageRef message{};  // key: its topic
};

// A will that was due, and has no PublishRecord yet. Key: the claim.
struct WillImage {
  std::uint64_t claim = 0;
  ShardIndex shard = 0;  // its client's
  Will will{};
};

// What a shared group was given, and nobody has for good: the message, or where the journal has
// it. Key: the group's filter.
struct ShareImage {
  std::string filter{};
  std::uint64_t origin = 0;
  QueuedMessage message{};
  std::uint32_t cost = 0;  // see Outgoing
};

// What there is once.
struct FrontImage {
  std::uint64_t replay_from = 0;  // older records are reflected by everything
  std::uint64_t last_claim = 0;
  std::uint64_t queue_bytes_max = 0;
  std::uint64_t queue_messages_max = 0;
};

// The segments of the journal that entries of queues have their messages in, so that one which is
// missing can be named. Key: empty.
struct SegmentsImage {
  struct Segment {
    std::uint32_t ordinal = 0;
    std::uint64_t first = 0;  // position
  };
  std::vector<Segment> segments{};
};

// How the broker's clock stood when the snapshot was begun. Key: empty.
struct ClockImage {
  ClockRecord clock{};
};

using SnapshotObject = std::variant<SessionImage, QueueImage, EndedImage, RetainedImage, WillImage,
                                    ShareImage, FrontImage, SegmentsImage, ClockImage>;

// What a snapshot tells of the segments that its queues need.
SegmentsImage name_segments(const storage::LiveBodies& needed, const storage::SegmentTable& table);

// As an entry of the slice.
void add_to(storage::SnapshotSlice& slice, const SnapshotObject& object, std::uint64_t stamp,
            Now now);

// corrupt when the entry is none of its kind; invalid when the kind or the version is newer than
// this program.
Result<SnapshotObject> decode(const storage::SnapshotEntry& entry, Now now);

}  // namespace mqz::broker
