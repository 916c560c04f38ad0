#include "lib/broker/replay.h"

#include <utility>

namespace mqz::broker {

Replay::Replay(std::vector<Shard*> shards) : shards_(std::move(shards)) {
  for (Shard* shard : shards_) shard->begin_replay();
}

void Replay::find_session(Record& record) const {
  record.session = {};
  const auto at = sessions_.find(record.number);
  if (at == sessions_.end()) return;
  record.shard = at->second.shard;
  record.session = at->second.session;
}

void Replay::apply(Record record) {
  Shard& front = *shards_.front();
  if (auto* connect = std::get_if<ConnectRecord>(&record.what)) {
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
    shards_[record.shard]->apply(record);
  }
  carry_mail();
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

void Replay::finish() {
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
