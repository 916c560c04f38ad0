#include "commands/store_records.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <optional>
#include <vector>

#include "commands/message_json.h"
#include "commands/message_time.h"
#include "lib/base/base64.h"
#include "lib/broker/record_codec.h"
#include "lib/mqtt/topic.h"

namespace mqz::commands {
namespace {

struct Shower {
  StoreLine& line;
  Now now;

  void operator()(const broker::PublishRecord& record) const {
    if (record.will_claim != 0) line.number("will_of", record.will_claim);
    line.message(*record.message, record.packet_id, now);
  }
  void operator()(const broker::DeliverRecord& record) const {
    line.number("granted_qos", static_cast<unsigned>(record.qos));
    line.flag("as_retained", record.retain);
    if (record.identifier != 0) line.number("identifier", record.identifier);
    if (record.owed_read != 0) line.number("read", record.owed_read);
    if (!record.filter.empty()) {
      line.text("filter", record.filter);
      line.number("origin", record.origin);
    }
    line.message(*record.message, 0, now);
  }
  void operator()(const broker::GroupTakenRecord& record) const {
    line.text("filter", record.filter);
    line.number("origin", record.origin);
  }
  void operator()(const broker::ConnectRecord& record) const {
    line.number("claim", record.claim);
    line.flag("clean_start", record.clean_start);
    line.flag("durable", record.durable);
    line.number("expiry", record.expiry_s);
    line.number("window", record.window);
    line.flag("will", record.will.has_value());
    if (!record.will) return;
    line.will(*record.will, now);
  }
  void operator()(const broker::DisconnectRecord& record) const {
    line.number("claim", record.claim);
    line.flag("will_wanted", record.will_wanted);
    line.number("expiry", record.expiry_s);
    line.time("time", record.time);
    line.number("sent_until", record.sent_until);
  }
  void operator()(const broker::SubscribeRecord& record) const {
    if (record.identifier != 0) line.number("identifier", record.identifier);
    std::vector<std::string> filters;
    std::vector<std::string> options;
    for (const broker::OwnedEntry& entry : record.entries) {
      filters.push_back(entry.filter);
      options.push_back(fmt::format("qos {}{}{} retain-handling {}",
                                    static_cast<unsigned>(entry.options.qos),
                                    entry.options.no_local ? " no-local" : "",
                                    entry.options.retain_as_published ? " retain-as-published" : "",
                                    entry.options.retain_handling));
    }
    line.texts("filter", "filters", filters);
    line.texts("options", "options", options);
  }
  void operator()(const broker::UnsubscribeRecord& record) const {
    line.texts("filter", "filters", record.filters);
  }
  void operator()(const broker::SettleRecord& record) const {
    constexpr std::array<std::string_view, 3> words{"finished", "released", "returned"};
    line.text("how", words[static_cast<std::size_t>(record.what)]);
    line.number("entry", record.position);
    if (record.ahead != 0) line.number("ahead", record.ahead);
  }
  void operator()(const broker::ReleaseRecord& record) const {
    line.number("mid", record.packet_id);
  }
  void operator()(const broker::RepeatRecord& record) const {
    line.number("mid", record.packet_id);
  }
  void operator()(const broker::WillRecord& record) const { line.number("claim", record.claim); }
  void operator()(const broker::EndRecord& record) const { line.number("claim", record.claim); }
  void operator()(const broker::ReadDoneRecord& record) const {
    line.number("read", record.number);
  }
  void operator()(const broker::MovedRecord& record) const {
    std::vector<std::string> places;
    for (const broker::QueuePlace& place : record.places)
      places.push_back(fmt::format("session {} entry {}", place.number, place.position));
    line.texts("place", "places", places);
    line.message(*record.message, 0, now);
  }
  void operator()(const broker::StartRecord& record) const {
    line.time("time", record.time);
    line.number("queue_bytes_max", record.queue_bytes_max);
    line.number("queue_messages_max", record.queue_messages_max);
    std::vector<std::string> without;
    for (const broker::LostRecords& lost : record.without)
      without.push_back(fmt::format("{} to {}", lost.first, lost.end - 1));
    if (!without.empty()) line.texts("without", "without", without);
  }
  void operator()(const broker::ClockRecord& record) const { line.clock(record); }
};

void show_session(StoreLine& line, const broker::Record& record,
                  const broker::SessionLedger& ledger) {
  const std::uint64_t number = ledger.session_of(record);
  if (number != 0) line.number("session", number);
  const auto* connect = std::get_if<broker::ConnectRecord>(&record.what);
  const std::string_view client =
      connect != nullptr ? std::string_view(connect->client_id) : ledger.client_of(number);
  if (!client.empty()) line.text("client", client);
}

}  // namespace

void append_record(std::string& to, const broker::WalkedRecord& walked,
                   const broker::SessionLedger& ledger, Now now, RecordForm form) {
  StoreLine line(to, form, ledger.clock_offset());
  const std::string_view name = broker::record_name(walked.head.type);
  line.lead(walked.position, name.empty() ? "unknown" : name);
  if (walked.record != nullptr) {
    show_session(line, *walked.record, ledger);
    std::visit(Shower{line, now}, walked.record->what);
  } else {
    line.number("record_type", walked.head.type);
    line.number("version", walked.head.version);
    line.number("bytes", walked.bytes);
    line.text("error", walked.error->text);
  }
  line.end();
}

void append_lost(std::string& to, storage::Position first, storage::Position end, bool is_given_up,
                 RecordForm form) {
  StoreLine line(to, form);
  line.lead(first, is_given_up ? "given_up" : "unreadable");
  line.number("to", end - 1);
  line.end();
}

}  // namespace mqz::commands
