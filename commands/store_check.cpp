#include "commands/store_check.h"

#include <fmt/format.h>

#include <iterator>

#include "commands/json_object.h"
#include "lib/broker/replay.h"
#include "lib/broker/unreadable_messages.h"

namespace mqz::commands {
namespace {

class Checker final : public broker::WalkVisitor {
 public:
  explicit Checker(StoreCheck& check) : check_(check) {}

  Result<void> on_object(const broker::WalkedObject& walked) override {
    if (walked.object != nullptr) {
      if (const auto* segments = std::get_if<broker::SegmentsImage>(walked.object))
        needed_ = *segments;
    }
    if (walked.object != nullptr) {
      ledger_.note(*walked.object, walked.entry.stamp);
    } else {
      unread_.push_back(
          {check_.directory, 0,
           fmt::format("the snapshot: position {}: {}", walked.entry.stamp, walked.error->text)});
    }
    return {};
  }
  Result<void> on_unreadable(const broker::UnreadableMessage& message) override {
    unreadable_.add(message);
    return {};
  }
  Result<void> on_record(const broker::WalkedRecord& walked) override {
    if (walked.record != nullptr) {
      ledger_.note(*walked.record);
      unreadable_.note(*walked.record);
    } else if (walked.error->code == ErrorCode::corrupt || walked.head.must_understand) {
      unread_.push_back({check_.directory, 0,
                         fmt::format("position {}: {}", walked.position, walked.error->text)});
    }
    return {};
  }
  Result<void> on_lost(storage::Position, storage::Position, bool is_given_up) override {
    if (!is_given_up) touch_sessions();
    return {};
  }
  // Everything is read.
  void finish() {
    // Nothing readable follows what is damaged.
    if (!check_.summary.damage.empty() && !has_touched_) touch_sessions();
    auto& damage = check_.summary.damage;
    damage.insert(damage.end(), unread_.begin(), unread_.end());
    group_unreadable();
    std::set<std::string> damaged;
    for (const storage::Damage& one : damage) {
      if (!one.what.starts_with("missing")) damaged.insert(one.file);
    }
    for (StoreCheck::Unreadable& one : check_.unreadable) {
      one.may_be_mended = one.is_missing && damaged.contains(one.file);
      if (!one.is_accepted && !one.may_be_mended)
        damage.push_back({one.file, one.is_missing ? 0 : one.offsets[0], what(one)});
    }
    check_.ledger = std::move(ledger_);
  }

 private:
  // Those that no record has settled, by segment and session.
  void group_unreadable() {
    unreadable_.end(ledger_);
    std::map<std::pair<std::uint32_t, std::uint64_t>, StoreCheck::Unreadable> groups;
    for (const auto& [queued, one] : unreadable_.all()) {
      StoreCheck::Unreadable& group = groups[{one.address.segment, queued.first}];
      group.client = queued.first == 0 ? "of a shared group"  // whoever is given its share
                                       : std::string(ledger_.client_of(queued.first));
      group.file = fmt::format("{}/{}", check_.directory, name_of(one.address.segment));
      group.is_missing = one.is_missing;
      group.is_accepted &= one.may_pass;
      group.offsets.push_back(one.address.offset);
    }
    for (auto& [key, group] : groups) check_.unreadable.push_back(std::move(group));
  }

  std::string name_of(std::uint32_t ordinal) const {
    for (const storage::SegmentSummary& segment : check_.summary.segments) {
      if (segment.header.ordinal == ordinal) return segment.name;
    }
    for (const auto& segment : needed_.segments) {
      if (segment.ordinal == ordinal) return storage::segment_name(segment.first);
    }
    return fmt::format("segment {} of the journal", ordinal);
  }

  static std::string what(const StoreCheck::Unreadable& one) {
    const std::size_t count = one.offsets.size();
    if (one.is_missing) {
      return fmt::format("missing, with {} that {} for client {}", broker::count_messages(count),
                         count == 1 ? "waits" : "wait", one.client);
    }
    if (count == 1)
      return fmt::format("a message waiting for client {} cannot be read", one.client);
    return fmt::format("{} messages waiting for client {} cannot be read, this the first", count,
                       one.client);
  }

  void touch_sessions() {
    has_touched_ = true;
    for (const auto& [number, session] : ledger_.sessions()) {
      if (session.durable) check_.touched[session.client_id].merge(std::set(session.filters));
    }
  }

  StoreCheck& check_;
  broker::SessionLedger ledger_{};
  std::vector<storage::Damage> unread_{};
  broker::UnreadableMessages unreadable_{};
  broker::SegmentsImage needed_{};
  bool has_touched_ = false;
};

std::string text_of(const storage::Damage& damage) {
  return fmt::format("{}: offset {}: {}", damage.file, damage.offset, damage.what);
}

template <typename Values, typename Show>
void append_list(std::string& to, const Values& values, Show show) {
  to.push_back('[');
  bool first = true;
  for (const auto& value : values) {
    if (!std::exchange(first, false)) to.push_back(',');
    JsonObject object(to);
    show(object, value);
    object.close();
  }
  to.push_back(']');
}

}  // namespace

Result<StoreCheck> check_store(os::Disk& disk, const std::string& directory, Now now) {
  StoreCheck check{.directory = directory};
  Checker checker(check);
  broker::StoreWalk walk(checker, now, disk, directory);
  auto summary = storage::dump_store(disk, directory, &walk, &walk);
  if (!summary) return tl::unexpected(summary.error());
  check.summary = std::move(*summary);
  check.broken = walk.broken();
  checker.finish();
  return check;
}

std::string first_damage(const StoreCheck& check) {
  const auto& damage = check.summary.damage;
  std::string text = text_of(damage.front());
  if (damage.size() > 1) text += fmt::format(" (and {} more)", damage.size() - 1);
  return text;
}

std::string describe(const StoreCheck& check) {
  std::string text;
  const auto to = std::back_inserter(text);
  const storage::StoreSummary& summary = check.summary;
  for (const storage::SnapshotSummary& one : summary.snapshots) {
    fmt::format_to(to, "{}: {} entries, up to position {}\n", one.name, one.totals.entries,
                   one.totals.end - 1);
  }
  for (const storage::SegmentSummary& one : summary.segments) {
    fmt::format_to(to, "{}: positions {} to {}, {} records in {} frames, {} of {} bytes\n",
                   one.name, one.header.first, one.end - 1, one.records, one.frames, one.used_bytes,
                   one.header.bytes);
  }
  if (summary.given_up > 0)
    fmt::format_to(to, "{} positions were given up by a repair\n", summary.given_up);
  if (check.broken > 0) {
    fmt::format_to(to, "{} message{} of which a part is missing {} lost as a whole\n", check.broken,
                   check.broken == 1 ? "" : "s", check.broken == 1 ? "is" : "are");
  }
  for (const StoreCheck::Unreadable& one : check.unreadable) {
    fmt::format_to(to, "{} waiting for client {} cannot be read: {} is {}\n",
                   broker::count_messages(one.offsets.size()), one.client, one.file,
                   one.is_missing ? "missing" : "damaged");
  }
  if (summary.torn_bytes > 0) {
    const storage::SegmentSummary& last = summary.segments.back();
    fmt::format_to(to,
                   "{}: the last write is incomplete at offset {} ({} bytes): it will be cut; a "
                   "message in it was acknowledged only if these bytes were damaged later\n",
                   last.name, last.used_bytes, summary.torn_bytes);
  }
  for (const storage::Damage& one : summary.damage)
    fmt::format_to(to, "damaged: {}\n", text_of(one));
  if (check.is_sound()) fmt::format_to(to, "{}: sound\n", check.directory);
  return text;
}

std::string describe_json(const StoreCheck& check) {
  const storage::StoreSummary& summary = check.summary;
  std::string text;
  JsonObject object(text);
  object.text("directory", check.directory);
  object.text("store", fmt::format("{:016x}", summary.store_id));
  object.name("sound");
  text += check.is_sound() ? "true" : "false";
  object.name("snapshots");
  append_list(text, summary.snapshots, [](JsonObject& to, const storage::SnapshotSummary& one) {
    to.text("file", one.name);
    to.number("entries", one.totals.entries);
    to.number("end", one.totals.end);
  });
  object.name("segments");
  append_list(text, summary.segments, [](JsonObject& to, const storage::SegmentSummary& one) {
    to.text("file", one.name);
    to.number("first", one.header.first);
    to.number("end", one.end);
    to.number("frames", one.frames);
    to.number("records", one.records);
    to.number("used_bytes", one.used_bytes);
    to.number("bytes", one.header.bytes);
  });
  object.number("given_up", summary.given_up);
  object.number("broken", check.broken);
  object.number("torn_bytes", summary.torn_bytes);
  object.name("unreadable");
  append_list(text, check.unreadable, [](JsonObject& to, const StoreCheck::Unreadable& one) {
    to.text("client", one.client);
    to.text("file", one.file);
    to.number("messages", one.offsets.size());
    to.flag("missing", one.is_missing);
  });
  object.name("damage");
  append_list(text, summary.damage, [](JsonObject& to, const storage::Damage& one) {
    to.text("file", one.file);
    to.number("offset", one.offset);
    to.text("what", one.what);
  });
  object.close();
  text.push_back('\n');
  return text;
}

}  // namespace mqz::commands
