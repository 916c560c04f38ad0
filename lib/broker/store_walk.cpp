#include "lib/broker/store_walk.h"

#include <algorithm>
#include <utility>

#include "lib/broker/record_codec.h"

namespace mqz::broker {

StoreWalk::StoreWalk(WalkVisitor& visitor, Now now, os::Disk& disk, const std::string& directory)
    : visitor_(visitor), now_(now), accepted_(storage::accepted_loss(disk, directory)) {
  storage::open_segments(disk, directory, segments_);
}

// Where the message should be: what is missing of it, or else its beginning.
storage::Address StoreWalk::first_missing(const storage::BodyPlace& place) const {
  for (std::size_t index = 0; index < place.count(); ++index) {
    if (segments_.find(place.at(index).segment) == nullptr) return place.at(index);
  }
  return place.at(0);
}

// What is damaged is told, and stays parked.
Result<void> StoreWalk::read_back(const storage::SnapshotEntry& entry, const QueuePlace& queued,
                                  QueuedMessage& message, std::uint32_t cost) {
  const storage::BodyPlace place = message.place();
  if (!accepted_) return tl::unexpected(accepted_.error());
  const ReadMessage read = parked_.read(place, cost, now_);
  if (!read && !read.error().is_damage()) return tl::unexpected(read.error().error);
  if (!read) {
    return visitor_.on_unreadable(
        {entry, queued.number, queued.position, first_missing(place), read.error()});
  }
  message = *read;
  return {};
}

// In parts: the messages of the whole may be more than fits into memory.
Result<void> StoreWalk::show_queue(const storage::SnapshotEntry& entry, QueueImage queue) {
  SnapshotObject object = QueueImage{.number = queue.number};
  auto& part = std::get<QueueImage>(object).entries;
  std::size_t bytes = 0;
  QueuePlace queued{.number = queue.number, .position = queue.begin};
  for (Outgoing& outgoing : queue.entries) {
    if (outgoing.message.is_parked()) {
      bytes += outgoing.cost;
      if (auto read = read_back(entry, queued, outgoing.message, outgoing.cost); !read) return read;
    }
    ++queued.position;
    part.push_back(std::move(outgoing));
    if (bytes < read_back_bytes && &outgoing != &queue.entries.back()) continue;
    if (auto shown = visitor_.on_object({entry, nullptr, &object}); !shown) return shown;
    part.clear();
    bytes = 0;
  }
  return {};
}

Result<void> StoreWalk::on_snapshot_entry(const storage::SnapshotEntry& entry) {
  auto object = decode(entry, now_);
  if (!object) return visitor_.on_object({entry, &object.error(), nullptr});
  if (auto* queue = std::get_if<QueueImage>(&*object)) return show_queue(entry, std::move(*queue));
  if (auto* share = std::get_if<ShareImage>(&*object); share && share->message.is_parked()) {
    if (auto read = read_back(entry, {.position = share->origin}, share->message, share->cost);
        !read)
      return read;
  }
  if (const auto* front = std::get_if<FrontImage>(&*object)) replay_from_ = front->replay_from;
  return visitor_.on_object({entry, nullptr, &*object});
}

// Where the first segments were removed the journal begins later: nothing is lost by that.
Result<void> StoreWalk::come_to(storage::Position first) {
  const storage::Position expected = std::exchange(next_, first);
  if (expected == 0 || first <= expected || first <= replay_from_) return {};
  return visitor_.on_lost(std::max(expected, replay_from_), first, false);
}

Result<void> StoreWalk::on_gap(storage::Position first, storage::Position end) {
  if (auto come = come_to(first); !come) return come;
  next_ = end;
  if (first == end || end <= replay_from_) return {};
  return visitor_.on_lost(first, end, true);
}

Result<void> StoreWalk::on_frame(const storage::JournalFrame& frame) {
  if (auto come = come_to(frame.first); !come) return come;
  next_ = frame.end();
  storage::RecordReader reader(frame.frame);
  storage::RecordView view;
  for (storage::Position position = frame.first; reader.next(view); ++position) {
    Bytes body;
    if (position < replay_from_) continue;
    if (!parts_.add(frame.frame, view, body)) continue;
    if (auto shown = show(view, body, position); !shown) return shown;
  }
  return {};
}

Result<void> StoreWalk::show(const storage::RecordView& view, Bytes body,
                             storage::Position position) {
  auto record = decode(view.head.type, view.head.version, body, now_);
  if (!record)
    return visitor_.on_record({position, view.head, body.size(), &record.error(), nullptr});
  record->position = position;
  return visitor_.on_record({position, view.head, body.size(), nullptr, &*record});
}

}  // namespace mqz::broker
