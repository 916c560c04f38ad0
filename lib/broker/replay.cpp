#include "lib/broker/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mqz::broker {

std::string count_messages(std::uint64_t count) {
  return fmt::format("{} message{}", count, count == 1 ? "" : "s");
}

std::string text_of(const MissingMessages& missing, const std::string& directory) {
  constexpr std::size_t named_max = 3;
  const std::size_t clients = missing.clients.size();
  std::uint64_t count = 0;
  std::string names;
  std::size_t named = 0;
  for (const auto& [client, messages] : missing.clients) {
    count += messages;
    if (named == named_max) continue;
    names += (named++ == 0 ? "" : ", ") + client;
  }
  if (clients > named_max) names += ", …";
  return fmt::format(
      "{}/{}: missing, with {} that {} for {}", directory, missing.file, count_messages(count),
      count == 1 ? "waits" : "wait",
      clients == 1 ? "client " + names : fmt::format("{} clients ({})", clients, names));
}

Replay::Replay(std::vector<Shard*> shards, MissingEntries missing)
    : shards_(std::move(shards)), missing_(std::move(missing)) {
  for (Shard* shard : shards_) shard->begin_replay();
}

// Does this newer entry hold? Then the session that an older one had is gone.
bool Replay::supersede(const std::string& client_id, const Known& newer) {
  const auto at = known_.find(client_id);
  if (at == known_.end()) return known_.emplace(client_id, newer), true;
  Known& known = at->second;
  // A session ends behind the last thing that its image reflects.
  const bool holds = newer.stamp > known.stamp || (newer.stamp == known.stamp && newer.number == 0);
  if (!holds) return false;
  if (known.number != 0) {
    ShardRestore(*shards_[known.shard]).forget(client_id);
    sessions_.erase(known.number);
    carry_mail();
  }
  known = newer;
  return true;
}

void Replay::restore_session(SessionImage image, std::uint64_t stamp) {
  Known known{.stamp = stamp,
              .number = image.number,
              .shard = static_cast<ShardIndex>(image.shard % shards_.size())};
  if (!supersede(image.client_id, known)) return;
  const ConnectRecord connect{.client_id = image.client_id, .claim = image.claim};
  shards_.front()->restore_place(connect, known.shard);
  sessions_[image.number] = {known.shard,
                             ShardRestore(*shards_[known.shard]).session(std::move(image), stamp)};
  carry_mail();
}

void Replay::restore(SnapshotObject object, std::uint64_t stamp) {
  is_restoring_ = true;
  last_position_ = std::max(last_position_, stamp);
  struct Visitor {
    Replay& replay;
    std::uint64_t stamp;
    ShardRestore front() const { return ShardRestore(*replay.shards_.front()); }
    void operator()(SessionImage& image) const { replay.restore_session(std::move(image), stamp); }
    void operator()(QueueImage& image) const {
      const auto at = replay.sessions_.find(image.number);
      if (at == replay.sessions_.end()) return;
      ShardRestore home(*replay.shards_[at->second.shard]);
      home.queue(at->second.session, std::move(image), replay.missing_);
    }
    void operator()(EndedImage& image) const {
      replay.ended_[image.number] = stamp;
      replay.supersede(image.client_id, {.stamp = stamp});
    }
    void operator()(RetainedImage& image) const { front().retained(image.message); }
    void operator()(WillImage& image) const {
      const std::size_t home = image.shard % replay.shards_.size();
      ShardRestore(*replay.shards_[home]).will(image.claim, std::move(image.will));
    }
    void operator()(ShareImage& image) const { front().share(std::move(image), stamp); }
    void operator()(FrontImage& image) const {
      replay.replay_from_ = image.replay_from;
      for (Shard* shard : replay.shards_) ShardRestore(*shard).front(image, stamp);
    }
    void operator()(SegmentsImage& image) const { replay.needed_segments_ = std::move(image); }
    void operator()(ClockImage& image) const {
      replay.clock_ = image.clock;
      front().clock(image.clock);
    }
  };
  std::visit(Visitor{*this, stamp}, object);
}

void Replay::end_restoring() {
  if (!std::exchange(is_restoring_, false)) return;
  for (Shard* shard : shards_) {
    ShardRestore(*shard).fill_queues(missing_);
    ShardRestore(*shard).link_shares(*shards_.front());
  }
}

void Replay::pass_over(const LostRecords& lost) {
  end_restoring();
  if (lost.first == lost.end || lost.end <= replay_from_) return;
  for (Shard* shard : shards_) ShardRestore(*shard).pass_over(lost);
}

Result<void> Replay::check() const {
  if (!missing_.too_many_of) return {};
  return fail(ErrorCode::corrupt, fmt::format("the snapshot: client {}: more of its queue is "
                                              "missing than a repair can have left out",
                                              *missing_.too_many_of));
}

void Replay::find_session(Record& record) const {
  record.session = {};
  const auto at = sessions_.find(record.number);
  if (at == sessions_.end()) return;
  record.shard = at->second.shard;
  record.session = at->second.session;
}

// The clock that has been somewhere is not set back.
void Replay::note_time(const Record& record) {
  const auto passed = [this](WallTime time) { clock_.time = std::max(clock_.time, time); };
  if (const auto* clock = std::get_if<ClockRecord>(&record.what)) {
    clock_.offset = clock->offset;
    passed(clock->time);
  }
  if (const auto* start = std::get_if<StartRecord>(&record.what)) passed(start->time);
  if (const auto* gone = std::get_if<DisconnectRecord>(&record.what)) passed(gone->time);
}

void Replay::apply(Record record) {
  end_restoring();
  if (record.position < replay_from_) return;
  note_time(record);
  last_position_ = std::max(last_position_, record.position);
  Shard& front = *shards_.front();
  front.set_applied(record.position);
  if (const auto* moved = std::get_if<MovedRecord>(&record.what))
    return apply_moved(record, *moved);
  if (auto* connect = std::get_if<ConnectRecord>(&record.what)) {
    const auto known = known_.find(connect->client_id);
    if (known != known_.end() && record.position <= known->second.stamp) return;
    // Where it was; with fewer shards than then, anywhere.
    const auto wanted = static_cast<ShardIndex>(connect->shard % shards_.size());
    record.shard = front.restore_place(*connect, wanted);
    Shard& home = *shards_[record.shard];
    home.apply(record);
    if (const Session* session = home.find_session(connect->client_id))
      sessions_[session->number] = {record.shard, session->id};
    return carry_mail();
  }
  front.note_replayed(record);
  if (record.is_for_all()) {
    find_session(record);
    for (Shard* shard : shards_) shard->apply(record);
  } else {
    find_session(record);
    // What it was given then went elsewhere when it ended, and the snapshot knows where.
    const auto ended = ended_.find(record.number);
    if (ended != ended_.end() && record.position <= ended->second) return carry_mail();
    shards_[record.shard]->apply(record);
  }
  carry_mail();
}

// The sessions may be on other shards than then.
void Replay::apply_moved(const Record& record, const MovedRecord& moved) {
  for (QueuePlace place : moved.places) {
    const auto at = sessions_.find(place.number);
    if (at == sessions_.end()) continue;
    place.session = at->second.session;
    Record one{.position = record.position, .place = record.place};
    one.what = MovedRecord{moved.message, {place}};
    shards_[at->second.shard]->apply(one);
  }
}

void Replay::carry_mail() {
  for (bool any = true; any;) {
    any = false;
    for (ShardIndex from = 0; from < shards_.size(); ++from) {
      for (ShardIndex to = 0; to < shards_.size(); ++to) {
        auto& box = shards_[from]->mail()[to];
        if (box.empty()) continue;
        any = true;
        for (Mail& mail : std::exchange(box, {})) shards_[to]->receive_mail(from, std::move(mail));
      }
    }
  }
}

void Replay::end() {
  end_restoring();
  for (Shard* shard : shards_) shard->set_applied(last_position_);
  ShardRestore(*shards_.front()).clock(clock_);
}

std::vector<MissingMessages> Replay::find_missing(const storage::SegmentTable& table) const {
  const auto is_there = [&](const SegmentsImage::Segment& one) {
    return table.find(one.ordinal) != nullptr;
  };
  if (std::ranges::all_of(needed_segments_.segments, is_there)) return {};
  ShardRestore::Missing missing;
  for (Shard* shard : shards_) ShardRestore(*shard).find_missing(table, missing);
  std::vector<MissingMessages> found;
  for (auto& [ordinal, clients] : missing) {
    const auto named =
        std::ranges::find(needed_segments_.segments, ordinal, &SegmentsImage::Segment::ordinal);
    const storage::Position first = named == needed_segments_.segments.end() ? 0 : named->first;
    found.push_back({ordinal, first,
                     first == 0 ? fmt::format("segment {} of the journal", ordinal)
                                : storage::segment_name(first),
                     std::move(clients)});
  }
  return found;
}

void Replay::finish() {
  end();
  std::uint64_t active = 1;
  for (ShardIndex index = 0; index < shards_.size(); ++index) {
    if (shards_[index]->session_count() > 0) active |= std::uint64_t{1} << index;
  }
  for (Shard* shard : shards_) shard->end_replay(active);
  carry_mail();
  for (Shard* shard : shards_) shard->propose_owed();
  carry_mail();
}

}  // namespace mqz::broker
