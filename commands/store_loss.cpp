#include "commands/store_loss.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <vector>

#include "commands/store_records.h"
#include "lib/broker/record_codec.h"
#include "lib/storage/entry.h"
#include "lib/storage/segment.h"
#include "lib/storage/snapshot_salvage.h"

namespace mqz::commands {
namespace {

struct DamagedEntry {
  storage::EntryHeader header{};
  std::vector<std::byte> body{};
};

// Nothing when not even the entry's header is as it was written.
std::optional<DamagedEntry> read_entry(os::Disk& disk, const storage::Damage& damage) {
  const auto file = disk.open(damage.file, os::OpenAs::read);
  if (!file) return std::nullopt;
  std::array<std::byte, storage::segment_header_bytes> start{};
  std::array<std::byte, storage::entry_header_bytes> head{};
  const auto got_start = (*file)->read_at(0, start);
  const auto got_head = (*file)->read_at(damage.offset, head);
  if (!got_start || *got_start != start.size() || !got_head || *got_head != head.size())
    return std::nullopt;
  const auto segment = storage::decode_segment_header(start);
  if (!segment) return std::nullopt;
  DamagedEntry entry;
  const std::uint64_t key = storage::segment_key(segment->store_id, segment->ordinal);
  if (!storage::read_entry_header(head, key, entry.header)) return std::nullopt;
  if (entry.header.kind != storage::EntryKind::frame) return std::nullopt;
  entry.body.resize(entry.header.body_bytes);
  const auto got = (*file)->read_at(damage.offset + head.size(), entry.body);
  if (!got) return std::nullopt;
  entry.body.resize(*got);
  return entry;
}

std::optional<broker::Record> read_loosely(os::Disk& disk, const std::string& path,
                                           std::uint64_t offset, Now now) {
  constexpr std::size_t most = std::size_t{1} << 20U;
  const auto file = disk.open(path, os::OpenAs::read);
  if (!file) return std::nullopt;
  std::vector<std::byte> bytes(storage::record_header_bytes);
  auto got = (*file)->read_at(offset, bytes);
  if (!got || *got != bytes.size()) return std::nullopt;
  const std::uint64_t size = storage::record_bytes(bytes);
  if (size > most) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size));
  got = (*file)->read_at(offset, bytes);
  if (!got || *got != bytes.size()) return std::nullopt;
  storage::RecordView view;
  static_cast<void>(storage::read_record(bytes, view));
  auto record = broker::decode(view.head.type, view.head.version, view.body, now);
  return record ? std::optional(*std::move(record)) : std::nullopt;
}

void append_position(std::string& to, storage::Position position) {
  fmt::format_to(std::back_inserter(to), "lost: {} (it does not read)\n", position);
}

void append_one(std::string& to, const storage::RecordView& view, bool is_sure,
                storage::Position position, const StoreCheck& check, Now now) {
  auto record = broker::decode(view.head.type, view.head.version, view.body, now);
  if (!record) return append_position(to, position);
  record->position = position;
  to += is_sure ? "lost: " : "lost, as far as it reads: ";
  append_record(to, {position, view.head, view.body.size(), nullptr, &*record}, check.ledger, now,
                RecordForm::text);
}

void append_records(std::string& to, const DamagedEntry& entry, const StoreCheck& check, Now now) {
  // What the snapshot has applied is lost only to queues, which are told of one by one.
  const auto& snapshots = check.summary.snapshots;
  if (!snapshots.empty() && entry.header.end() <= snapshots.back().header.replay_from) return;
  storage::Position position = entry.header.position;
  Bytes rest(entry.body);
  rest = rest.subspan(std::min<std::size_t>(rest.size(), storage::frame_header_bytes));
  for (; position < entry.header.end(); ++position) {
    if (rest.size() < storage::record_header_bytes) break;
    const std::uint64_t bytes = storage::record_bytes(rest);
    if (bytes > rest.size()) break;
    storage::RecordView view;
    const bool is_sure = storage::read_record(rest, view);
    append_one(to, view, is_sure, position, check, now);
    rest = rest.subspan(static_cast<std::size_t>(bytes));
  }
  for (; position < entry.header.end(); ++position) append_position(to, position);
}

// A message in a queue, whose record does not read.
void append_message(std::string& to, os::Disk& disk, const StoreCheck::Unreadable& one,
                    std::uint32_t offset, Now now) {
  fmt::format_to(std::back_inserter(to), "lost: a message for client {}", one.client);
  auto record = read_loosely(disk, one.file, offset, now);
  const broker::MessageRef message = record ? broker::take_message(*record) : broker::MessageRef();
  if (message) {
    to += ", as far as it reads:";
    StoreLine(to, RecordForm::text).message(*message, 0, now);
  }
  to += "\n";
}

void append_queue(std::string& to, os::Disk& disk, const StoreCheck::Unreadable& one, Now now) {
  if (!one.is_missing) {
    for (const std::uint32_t offset : one.offsets) append_message(to, disk, one, offset, now);
    return;
  }
  fmt::format_to(std::back_inserter(to),
                 "lost: {} messages for client {}, with their topics: {} {}\n", one.offsets.size(),
                 one.client, one.file,
                 one.may_be_mended ? "is damaged, unless it can be mended" : "is missing");
}

// Objects in damaged parts of a snapshot.
class LostObjects final : public storage::SalvageVisitor {
 public:
  LostObjects(std::string& to, Now now) : to_(to), now_(now) {}
  const KnownSessions& sessions() const { return ledger_.sessions(); }

  Result<void> on_snapshot_entry(const storage::SnapshotEntry& entry) override {
    if (const auto object = broker::decode(entry, now_)) ledger_.note(*object, entry.stamp);
    return {};
  }
  Result<void> on_lost_entry(const storage::SnapshotEntry& entry) override {
    const auto object = broker::decode(entry, now_);
    if (!object) return {};
    ledger_.note(*object, entry.stamp);
    if (std::holds_alternative<broker::FrontImage>(*object) ||
        std::holds_alternative<broker::SegmentsImage>(*object) ||
        std::holds_alternative<broker::ClockImage>(*object)) {
      return {};
    }
    std::string lines;
    append_object(lines, {entry, nullptr, &*object}, ledger_, now_, RecordForm::text);
    for (std::size_t at = 0; at < lines.size();) {
      const std::size_t end = lines.find('\n', at) + 1;
      to_ += "lost, unless the journal still says it: " + lines.substr(at, end - at);
      at = end;
    }
    return {};
  }

 private:
  std::string& to_;
  Now now_;
  broker::SessionLedger ledger_{};
};

void append_objects(ToldLoss& to, os::Disk& disk, const storage::Damage& damage,
                    const StoreCheck& check, Now now) {
  LostObjects objects(to.text, now);
  const std::string name = damage.file.substr(damage.file.rfind('/') + 1);
  // What cannot be read is in nobody's list.
  static_cast<void>(
      storage::walk_snapshot(disk, check.directory, name, check.summary.store_id, &objects));
  to.sessions.insert(objects.sessions().begin(), objects.sessions().end());
}

}  // namespace

ToldLoss describe_lost(os::Disk& disk, const StoreCheck& check, Now now) {
  ToldLoss told{.sessions = check.ledger.sessions()};
  for (const storage::Damage& damage : check.summary.damage) {
    if (damage.file.ends_with(storage::snapshot_ending))
      append_objects(told, disk, damage, check, now);
    if (!damage.file.ends_with(storage::segment_ending) || damage.offset == 0) continue;
    if (const auto entry = read_entry(disk, damage)) append_records(told.text, *entry, check, now);
  }
  for (const StoreCheck::Unreadable& one : check.unreadable)
    append_queue(told.text, disk, one, now);
  return told;
}

}  // namespace mqz::commands
