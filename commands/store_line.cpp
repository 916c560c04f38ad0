#include "commands/store_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "commands/message_json.h"
#include "commands/message_time.h"
#include "lib/base/base64.h"
#include "lib/broker/broker_clock.h"
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

}  // namespace

StoreLine::StoreLine(std::string& to, RecordForm form, Millis clock_offset)
    : to_(to), clock_offset_(broker::BrokerClock::bounded(clock_offset)) {
  if (form == RecordForm::json) object_.emplace(to);
}

void StoreLine::lead(std::uint64_t position, std::string_view type) {
  if (object_) {
    object_->number("position", position);
    object_->text("type", type);
  } else {
    fmt::format_to(std::back_inserter(to_), "{} {}", position, type);
  }
}

void StoreLine::number(std::string_view name, std::uint64_t value) {
  if (object_) return object_->number(name, value);
  fmt::format_to(std::back_inserter(to_), " {}={}", name, value);
}

void StoreLine::flag(std::string_view name, bool value) {
  if (object_) {
    object_->name(name);
    to_.append(value ? "true" : "false");
  } else if (value) {
    fmt::format_to(std::back_inserter(to_), " {}", name);
  }
}

void StoreLine::text(std::string_view name, std::string_view value) {
  if (object_) return object_->text(name, value);
  fmt::format_to(std::back_inserter(to_), " {}=", name);
  if (is_plain(value)) {
    to_.append(value);
  } else {
    append_json_string(to_, value);
  }
}

void StoreLine::texts(std::string_view name, std::string_view many,
                      const std::vector<std::string>& values) {
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

void StoreLine::time(std::string_view name, WallTime when) {
  const auto ms = (when + clock_offset_).time_since_epoch().count();
  std::string shown;
  append_time(shown, {ms / 1000, ms % 1000 * 1'000'000}, TimeForm::rfc3339);
  text(name, shown);
}

void StoreLine::clock(const broker::ClockRecord& clock) {
  clock_offset_ = broker::BrokerClock::bounded(clock.offset);
  text("system_ahead", fmt::format("{} ms", clock_offset_.count()));
  time("time", clock.time);
}

void StoreLine::bytes(std::string_view name, Bytes value) {
  if (mqtt::is_valid_utf8(as_text(value))) return text(name, as_text(value));
  std::string encoded;
  append_base64(encoded, value);
  text(fmt::format("{}_base64", name), encoded);
}

void StoreLine::message(const mqtt::Publish& message) {
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

void StoreLine::end() {
  if (object_) object_->close();
  to_.push_back('\n');
}

void StoreLine::message(const broker::Message& message, std::uint16_t packet_id, Now now) {
  if (const auto expires = message.expires()) time("expires", now.wall + (*expires - now.mono));
  mqtt::Publish publish;
  publish.topic = message.topic();
  publish.qos = message.qos();
  publish.retain = message.retain();
  publish.packet_id = packet_id;
  publish.properties = message.properties();
  publish.payload = message.payload();
  this->message(publish);
}

void StoreLine::will(const broker::Will& will, Now now) {
  number("will_delay", will.delay_s);
  if (will.expiry_s) number("will_expiry", *will.expiry_s);
  message(*will.message, 0, now);
}

}  // namespace mqz::commands
