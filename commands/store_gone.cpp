#include "commands/store_gone.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "lib/broker/store_walk.h"
#include "lib/storage/inspect.h"

namespace mqz::commands {
namespace {

using Texts = std::set<std::string, std::less<>>;

void append_texts(std::string& to, std::string_view what, const Texts& texts) {
  constexpr std::size_t shown = 20;
  if (texts.empty()) return;
  fmt::format_to(std::back_inserter(to), "; {}:", what);
  std::size_t left = shown;
  for (const std::string& text : texts) {
    if (left-- == 0) break;
    to += " " + text;
  }
  if (texts.size() > shown)
    fmt::format_to(std::back_inserter(to), " and {} more", texts.size() - shown);
}

// Of one session, or of all whose clients nobody knows.
struct Gone {
  std::uint64_t records = 0;
  Texts topics{};   // of messages for them
  Texts filters{};  // that they had subscribed to, or did then

  void merge(Gone other) {
    records += other.records;
    topics.merge(other.topics);
    filters.merge(other.filters);
  }
};

void append_records(std::string& to, const Gone& gone) {
  fmt::format_to(std::back_inserter(to), "{} record{} behind the snapshot {} passed over",
                 gone.records, gone.records == 1 ? "" : "s", gone.records == 1 ? "is" : "are");
  append_texts(to, "messages of", gone.topics);
  append_texts(to, "subscribed to", gone.filters);
  to += "\n";
}

class GoneCounter final : public broker::WalkVisitor {
 public:
  Result<void> on_object(const broker::WalkedObject& walked) override {
    if (walked.object == nullptr) return {};
    ledger_.note(*walked.object, walked.entry.stamp);
    if (const auto* session = std::get_if<broker::SessionImage>(walked.object))
      known_.insert(session->number);
    if (const auto* ended = std::get_if<broker::EndedImage>(walked.object))
      known_.insert(ended->number);
    return {};
  }
  Result<void> on_unreadable(const broker::UnreadableMessage&) override { return {}; }
  Result<void> on_record(const broker::WalkedRecord& walked) override {
    if (walked.record == nullptr) return {};
    const broker::Record& record = *walked.record;
    ledger_.note(record);
    if (std::holds_alternative<broker::ConnectRecord>(record.what)) {
      known_.insert(ledger_.session_of(record));
    } else if (record.number != 0 && !publishes(record) && !known_.contains(record.number)) {
      count(record);
    }
    return {};
  }
  Result<void> on_lost(storage::Position, storage::Position, bool) override { return {}; }

  std::string describe(const KnownSessions& before) {
    std::string text;
    for (const auto& [number, session] : before) {
      if (!session.durable || known_.contains(number)) continue;
      Gone gone = take(number);
      gone.filters.insert(session.filters.begin(), session.filters.end());
      text += fmt::format("lost: the session of client {}; ", session.client_id);
      append_records(text, gone);
    }
    if (gone_.empty()) return text;
    Gone unknown;
    for (auto& [number, gone] : gone_) unknown.merge(std::move(gone));
    text += fmt::format("lost: {} session{} whose clients are not known; ", gone_.size(),
                        gone_.size() == 1 ? "" : "s");
    append_records(text, unknown);
    return text;
  }

 private:
  // What it has published is not lost with it.
  static bool publishes(const broker::Record& record) {
    return std::holds_alternative<broker::PublishRecord>(record.what);
  }

  // It would not be there in any case.
  static bool ends(const broker::Record& record) {
    if (const auto* gone = std::get_if<broker::DisconnectRecord>(&record.what))
      return gone->expiry_s == 0;
    return std::holds_alternative<broker::EndRecord>(record.what);
  }

  void count(const broker::Record& record) {
    if (ends(record)) {
      known_.insert(record.number);
      gone_.erase(record.number);
      return;
    }
    Gone& gone = gone_[record.number];
    ++gone.records;
    if (const auto* delivery = std::get_if<broker::DeliverRecord>(&record.what))
      gone.topics.emplace(delivery->message->topic());
    if (const auto* subscribe = std::get_if<broker::SubscribeRecord>(&record.what)) {
      for (const broker::OwnedEntry& entry : subscribe->entries) gone.filters.insert(entry.filter);
    }
  }

  Gone take(std::uint64_t number) {
    const auto at = gone_.find(number);
    if (at == gone_.end()) return {};
    Gone gone = std::move(at->second);
    gone_.erase(at);
    return gone;
  }

  broker::SessionLedger ledger_{};
  std::set<std::uint64_t> known_{};
  std::map<std::uint64_t, Gone> gone_{};
};

}  // namespace

Result<std::string> describe_gone(os::Disk& disk, const std::string& directory,
                                  const KnownSessions& before, Now now) {
  GoneCounter counter;
  broker::StoreWalk walk(counter, now, disk, directory);
  const auto summary = storage::dump_store(disk, directory, &walk, &walk);
  if (!summary) return tl::unexpected(summary.error());
  return counter.describe(before);
}

}  // namespace mqz::commands
