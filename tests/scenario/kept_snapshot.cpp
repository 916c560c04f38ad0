#include "tests/scenario/kept_snapshot.h"

#include <algorithm>
#include <cstdio>

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

namespace {

broker::SnapshotObject object_of(const KeptSnapshot::Entry& entry, Now now) {
  auto object = broker::decode(
      {entry.kind, entry.version, as_bytes(entry.key), entry.stamp, as_bytes(entry.value)}, now);
  MQZ_CHECK(object.has_value());
  return *std::move(object);
}

// Without what may differ: where sessions are, what may have been sent, and which claims were given
// to clients that have no records.
std::vector<std::string> dump(const Shards& shards, Now now) {
  const auto state = std::make_shared<KeptSnapshot>();
  for (const auto& shard : shards) broker::SnapshotRun::write_all(*shard, state);
  const auto plain = std::make_shared<KeptSnapshot>();
  for (const KeptSnapshot::Entry& entry : state->entries) {
    broker::SnapshotObject object = object_of(entry, now);
    if (auto* session = std::get_if<broker::SessionImage>(&object)) {
      session->shard = 0;
      session->dup_until = 0;
      std::ranges::sort(session->subscriptions, {},
                        [](const auto& one) { return one.entry.filter; });
    }
    if (auto* will = std::get_if<broker::WillImage>(&object)) will->shard = 0;
    if (auto* front = std::get_if<broker::FrontImage>(&object)) {
      front->last_claim = 0;
      front->replay_from = 0;
    }
    storage::SnapshotSlice slice;
    broker::add_to(slice, object, 0, now);
    plain->add(std::move(slice));
  }
  std::vector<std::string> lines;
  for (const KeptSnapshot::Entry& entry : plain->entries)
    lines.push_back(std::to_string(entry.kind) + " " + entry.key + ": " + entry.value);
  std::ranges::sort(lines);
  return lines;
}

void print(const char* title, const std::vector<std::string>& lines) {
  std::fprintf(stderr, "%s\n", title);
  for (const std::string& line : lines) {
    for (const char c : line) std::fprintf(stderr, c < ' ' ? "\\x%02x" : "%c", c & 0xFF);
    std::fprintf(stderr, "\n");
  }
}

}  // namespace

void KeptSnapshot::restore(broker::Replay& replay, Now now) const {
  for (const Entry& entry : entries) replay.restore(object_of(entry, now), entry.stamp);
}

void check_same_state(const Shards& one, const Shards& other, Now now) {
  const auto ours = dump(one, now);
  const auto theirs = dump(other, now);
  if (ours == theirs) return;
  print("---- recovered one way", ours);
  print("---- recovered the other way", theirs);
  MQZ_CHECK(!"a snapshot gives the same state");
}

}  // namespace mqz::scenario
