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

constexpr std::size_t shown_bytes = 60;  // of a payload, in text

bool is_plain(std::string_view text) {
  if (text.empty()) return false;
  for (const char sign : text) {
    if (sign <= ' ' || sign == '"' || sign == '\\' || sign == 0x7F) return false;
  }
  return true;
}

// One line: members of an object, or NAME=VALUE.
class Line {
 public:
  Line(std::string& to, RecordForm form) : to_(to) {
    if (form == RecordForm::json) object_.emplace(to);
  }
  void lead(std::uint64_t position, std::string_view type) {
    if (object_) {
      object_->number("position", position);
      object_->text("type", type);
    } else {
      fmt::format_to(std::back_inserter(to_), "{} {}", position, type);
    }
  }
  void number(std::string_view name, std::uint64_t value) {
    if (object_) return object_->number(name, value);
    fmt::format_to(std::back_inserter(to_), " {}={}", name, value);
  }
  void flag(std::string_view name, bool value) {
    if (object_) {
      object_->name(name);
      to_.append(value ? "true" : "false");
    } else if (value) {
      fmt::format_to(std::back_inserter(to_), " {}", name);
    }
  }
  void text(std::string_view name, std::string_view value) {
    if (object_) return object_->text(name, value);
    fmt::format_to(std::back_inserter(to_), " {}=", name);
    if (is_plain(value)) {
      to_.append(value);
    } else {
      append_json_string(to_, value);
    }
  }
  void texts(std::string_view name, std::string_view many, const std::vector<std::string>& values) {
    if (!object_) {
      for (const std::string& value : values) text(name, value);
      return;
    }
    object_->name(many);
    to_.push_back('[');
    for (const std::string& value : values) {
      if (&value != values.data()) to_.push_back(',');
      append_json_string(to_, value);
    }
    to_.push_back(']');
  }
  void time(std::string_view name, WallTime when) {
    const auto ms = when.time_since_epoch().count();
    std::string shown;
    append_time(shown, {ms / 1000, ms % 1000 * 1'000'000}, TimeForm::rfc3339);
    text(name, shown);
  }
  void bytes(std::string_view name, Bytes value) {
    if (mqtt::is_valid_utf8(as_text(value))) return text(name, as_text(value));
    std::string encoded;
    append_base64(encoded, value);
    text(fmt::format("{}_base64", name), encoded);
  }
  void message(const mqtt::Publish& message) {
    if (object_) return append_message(to_, *object_, message);
    text("topic", message.topic);
    number("qos", static_cast<unsigned>(message.qos));
    flag("retain", message.retain);
    if (message.packet_id != 0) number("mid", message.packet_id);
    number("payloadlen", message.payload.size());
    if (!mqtt::is_valid_utf8(as_text(message.payload))) return text("payload", "(not text)");
    std::size_t size = std::min(message.payload.size(), shown_bytes);
    const std::string_view whole = as_text(message.payload);
    while (size > 0 && size < whole.size() &&
           (static_cast<unsigned char>(whole[size]) & 0xC0U) == 0x80U)
      --size;
    text("payload", whole.substr(0, size));
    if (size < whole.size()) to_.append("...");
  }
  void end() {
    if (object_) object_->close();
    to_.push_back('\n');
  }

 private:
  std::string& to_;
  std::optional<JsonObject> object_{};
};

struct Shower {
  Line& line;
  Now now;

  void message(const broker::Message& message, std::uint16_t packet_id) const {
    if (const auto expires = message.expires())
      line.time("expires", now.wall + (*expires - now.mono));
    mqtt::Publish publish;
    publish.topic = message.topic();
    publish.qos = message.qos();
    publish.retain = message.retain();
    publish.packet_id = packet_id;
    publish.properties = message.properties();
    publish.payload = message.payload();
    line.message(publish);
  }

  void operator()(const broker::PublishRecord& record) const {
    if (record.will_claim != 0) line.number("will_of", record.will_claim);
    message(*record.message, record.packet_id);
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
    message(*record.message, 0);
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
    line.flag("will", record.will.has_value());
    if (!record.will) return;
    line.number("will_delay", record.will->delay_s);
    if (record.will->expiry_s) line.number("will_expiry", *record.will->expiry_s);
    message(*record.will->message, 0);
  }
  void operator()(const broker::DisconnectRecord& record) const {
    line.number("claim", record.claim);
    line.flag("will_wanted", record.will_wanted);
    line.number("expiry", record.expiry_s);
    line.time("time", record.time);
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
  void operator()(const broker::StartRecord& record) const {
    line.time("time", record.time);
    line.number("queue_bytes_max", record.queue_bytes_max);
    line.number("queue_messages_max", record.queue_messages_max);
  }
};

void show_session(Line& line, const broker::Record& record, const broker::SessionLedger& ledger) {
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
  Line line(to, form);
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
  Line line(to, form);
  line.lead(first, is_given_up ? "given_up" : "unreadable");
  line.number("to", end - 1);
  line.end();
}

void append_snapshot_entry(std::string& to, const storage::SnapshotEntry& entry, RecordForm form) {
  Line line(to, form);
  line.lead(entry.stamp, "snapshot_entry");
  line.number("kind", entry.kind);
  line.number("version", entry.version);
  line.bytes("key", entry.key);
  line.bytes("value", entry.value);
  line.end();
}

}  // namespace mqz::commands
