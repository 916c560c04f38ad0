// The objects of a snapshot, as lines.
#include <fmt/format.h>

#include <array>

#include "commands/store_records.h"

namespace mqz::commands {
namespace {

using broker::SendState;

constexpr std::array<std::string_view, 10> kinds{
    "snapshot_entry",    "snapshot_session", "snapshot_queued", "snapshot_ended",
    "snapshot_retained", "snapshot_will",    "snapshot_share",  "snapshot_front",
    "snapshot_segments", "snapshot_clock"};

std::string_view name_of(SendState state) {
  switch (state) {
    case SendState::queued:
    case SendState::sent: return "queued";
    case SendState::released: return "released";
    case SendState::done: return "done";
    case SendState::retired: return "settled";
  }
  return "";
}

struct Shower {
  StoreLine& line;
  const broker::SessionLedger& ledger;
  Now now;

  void deadline(std::string_view name, MonoTime due) const {
    if (due != MonoTime::max()) line.time(name, now.wall + (due - now.mono));
  }
  void subscriptions(const broker::SessionImage& image) const {
    std::vector<std::string> filters;
    std::vector<std::string> options;
    for (const broker::SubscriptionImage& one : image.subscriptions) {
      const mqtt::SubscribeOptions& chosen = one.entry.options;
      filters.push_back(one.entry.filter);
      options.push_back(fmt::format("qos {}{}{} identifier {}", static_cast<unsigned>(chosen.qos),
                                    chosen.no_local ? " no-local" : "",
                                    chosen.retain_as_published ? " retain-as-published" : "",
                                    one.identifier));
    }
    line.texts("filter", "filters", filters);
    line.texts("options", "options", options);
  }

  void operator()(const broker::SessionImage& image) const {
    line.number("session", image.number);
    line.text("client", image.client_id);
    line.number("claim", image.claim);
    line.flag("durable", image.durable);
    line.flag("online", image.is_online);
    line.number("expiry", image.expiry_s);
    deadline("expires", image.expires);
    deadline("will_due", image.will_due);
    line.number("queue_from", image.queue_begin);
    if (image.durable) line.number("sent_before", image.reach.position);
    line.number("received", image.received.size());
    line.number("reads_owed", image.reads_owed.size());
    subscriptions(image);
    line.flag("will", image.will.has_value());
    if (image.will) line.will(*image.will, now);
  }
  void operator()(const broker::EndedImage& image) const {
    line.number("session", image.number);
    line.text("client", image.client_id);
  }
  void operator()(const broker::RetainedImage& image) const {
    line.message(*image.message, 0, now);
  }
  void operator()(const broker::WillImage& image) const {
    line.number("claim", image.claim);
    line.will(image.will, now);
  }
  void operator()(const broker::ShareImage& image) const {
    line.text("filter", image.filter);
    line.number("origin", image.origin);
    if (const auto message = image.message.at_hand()) line.message(*message, 0, now);
  }
  void operator()(const broker::FrontImage& image) const {
    line.number("replay_from", image.replay_from);
    line.number("last_claim", image.last_claim);
    line.number("queue_bytes_max", image.queue_bytes_max);
    line.number("queue_messages_max", image.queue_messages_max);
  }
  void operator()(const broker::SegmentsImage& image) const {
    std::vector<std::string> files;
    for (const auto& segment : image.segments)
      files.push_back(storage::segment_name(segment.first));
    line.texts("file", "files", files);
  }
  void operator()(const broker::ClockImage& image) const { line.clock(image.clock); }
  void operator()(const broker::QueueImage&) const {}

  void queued(std::uint64_t number, const broker::Outgoing& outgoing) const {
    line.number("session", number);
    if (const auto client = ledger.client_of(number); !client.empty()) line.text("client", client);
    line.text("state", name_of(outgoing.state));
    if (outgoing.state >= SendState::done) return;
    line.number("granted_qos", static_cast<unsigned>(outgoing.qos));
    line.flag("as_retained", outgoing.retain);
    if (outgoing.identifier != 0) line.number("identifier", outgoing.identifier);
    if (outgoing.extra && !outgoing.extra->filter().empty()) {
      line.text("filter", outgoing.extra->filter());
      line.number("origin", outgoing.extra->origin);
    }
    if (const auto message = outgoing.message.at_hand()) line.message(*message, 0, now);
  }
};

}  // namespace

void append_object(std::string& to, const broker::WalkedObject& walked,
                   const broker::SessionLedger& ledger, Now now, RecordForm form) {
  const storage::SnapshotEntry& entry = walked.entry;
  const std::string_view kind = kinds[entry.kind < kinds.size() ? entry.kind : 0];
  if (walked.object != nullptr) {
    if (const auto* queue = std::get_if<broker::QueueImage>(walked.object)) {
      for (const broker::Outgoing& outgoing : queue->entries) {
        StoreLine line(to, form, ledger.clock_offset());
        line.lead(entry.stamp, kind);
        Shower{line, ledger, now}.queued(queue->number, outgoing);
        line.end();
      }
      return;
    }
  }
  StoreLine line(to, form, ledger.clock_offset());
  line.lead(entry.stamp, kind);
  if (walked.object != nullptr) {
    std::visit(Shower{line, ledger, now}, *walked.object);
  } else {
    line.number("kind", entry.kind);
    line.number("version", entry.version);
    line.bytes("key", entry.key);
    line.number("bytes", entry.value.size());
    line.text("error", walked.error->text);
  }
  line.end();
}

}  // namespace mqz::commands
