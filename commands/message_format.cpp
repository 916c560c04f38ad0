#include "commands/message_format.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "commands/message_json.h"
#include "commands/message_time.h"
#include "lib/base/base64.h"

namespace mqz::commands {
namespace {

using mqtt::PropertyId;

void append_hex(std::string& to, Bytes bytes, std::string_view digits) {
  for (const std::byte byte : bytes) {
    const unsigned value = std::to_integer<unsigned>(byte);
    to.push_back(digits[value >> 4U]);
    to.push_back(digits[value & 15U]);
  }
}

template <typename Float>
std::string float_text(Bytes payload, std::size_t precision) {
  if (payload.size() != sizeof(Float)) return {};
  Float value{};
  std::memcpy(&value, payload.data(), sizeof value);
  std::array<char, 512> room{};
  const int digits = precision == std::string_view::npos ? 6 : static_cast<int>(precision);
  std::snprintf(room.data(), room.size(), "%.*f", std::min(digits, 100),
                static_cast<double>(value));
  return room.data();
}

std::string user_properties(mqtt::PropertyView properties) {
  std::string text;
  for (const mqtt::Property& property : properties) {
    if (property.id != PropertyId::user_property) continue;
    if (!text.empty()) text.push_back(' ');
    text.append(property.text).append(":").append(property.value);
  }
  return text;
}

std::string number_text(mqtt::PropertyView properties, PropertyId id) {
  const auto number = properties.number(id);
  return number ? std::to_string(*number) : std::string();
}

std::string unix_time(const std::timespec& at) {
  std::array<char, 48> room{};
  std::snprintf(room.data(), room.size(), "%lld.%09ld", static_cast<long long>(at.tv_sec),
                at.tv_nsec);
  return room.data();
}

}  // namespace

class FormatWriter {
 public:
  FormatWriter(std::string& to, const Received& received, bool pretty)
      : to_(to), received_(received), message_(received.message), pretty_(pretty) {}

  bool write(const MessageFormat::Step& step) {
    switch (step.kind) {
      case MessageFormat::Kind::literal: to_.append(step.literal); return true;
      case MessageFormat::Kind::strftime: write_strftime(step.letter); return true;
      case MessageFormat::Kind::percent: return write_percent(step);
    }
    return true;
  }

 private:
  void write_strftime(char letter) {
    if (letter != 'N') return append_strftime(to_, received_.at, letter);
    std::array<char, 16> room{};
    std::snprintf(room.data(), room.size(), "%09ld", received_.at.tv_nsec);
    to_.append(room.data());
  }

  bool write_percent(const MessageFormat::Step& step) {
    const mqtt::PropertyView properties = message_.properties;
    switch (step.letter) {
      case 't': write_text(step, message_.topic); break;
      case 'C': write_text(step, properties.text(PropertyId::content_type).value_or("")); break;
      case 'D': write_text(step, properties.text(PropertyId::correlation_data).value_or("")); break;
      case 'R': write_text(step, properties.text(PropertyId::response_topic).value_or("")); break;
      case 'P': write_text(step, user_properties(properties)); break;
      case 'I': write_iso8601(step); break;
      case 'U': write_text(step, unix_time(received_.at)); break;
      case 'A': write_padded(step, number_text(properties, PropertyId::topic_alias)); break;
      case 'E':
        write_padded(step, number_text(properties, PropertyId::message_expiry_interval));
        break;
      case 'F':
        write_padded(step, number_text(properties, PropertyId::payload_format_indicator));
        break;
      case 'S':
        write_padded(step, number_text(properties, PropertyId::subscription_identifier));
        break;
      case 'l': write_padded(step, std::to_string(message_.payload.size())); break;
      case 'm': write_padded(step, std::to_string(message_.packet_id)); break;
      case 'q': to_.push_back(static_cast<char>('0' + static_cast<int>(message_.qos))); break;
      case 'r': to_.push_back(message_.retain ? '1' : '0'); break;
      case 'p': write_payload(step); break;
      case 'x': write_hex(step, "0123456789abcdef"); break;
      case 'X': write_hex(step, "0123456789ABCDEF"); break;
      case 'b': write_base64(step); break;
      case 'd': write_padded(step, float_text<double>(message_.payload, step.precision)); break;
      case 'f': write_padded(step, float_text<float>(message_.payload, step.precision)); break;
      case 'j': return append_json(to_, received_, JsonForm::quoted, pretty_);
      case 'J': return append_json(to_, received_, JsonForm::embedded, pretty_);
      default: break;
    }
    return true;
  }

  void write_text(const MessageFormat::Step& step, std::string_view text) {
    write_padded(step, text.substr(0, step.precision), ' ');
  }
  void write_padded(const MessageFormat::Step& step, std::string_view text) {
    write_padded(step, text, step.zeros && !step.left ? '0' : ' ');
  }
  void write_padded(const MessageFormat::Step& step, std::string_view text, char pad) {
    const std::size_t missing = step.width > text.size() ? step.width - text.size() : 0;
    if (!step.left) to_.append(missing, pad);
    to_.append(text);
    if (step.left) to_.append(missing, ' ');
  }
  void write_iso8601(const MessageFormat::Step& step) {
    std::string text;
    append_time(text, received_.at, TimeForm::iso8601);
    write_text(step, text);
  }
  void write_payload(const MessageFormat::Step& step) {
    const std::string_view payload = as_text(message_.payload);
    if (step.width == 0) {
      to_.append(payload);
    } else {
      write_padded(step, payload.substr(0, step.width));
    }
  }
  void write_hex(const MessageFormat::Step& step, std::string_view digits) {
    std::string text;
    const std::size_t most = step.width == 0 ? message_.payload.size() : step.width / 2;
    append_hex(text, message_.payload.first(std::min(most, message_.payload.size())), digits);
    write_padded(step, text);
  }
  void write_base64(const MessageFormat::Step& step) {
    std::string text;
    append_base64(text, message_.payload);
    write_padded(step, text, ' ');
  }

  std::string& to_;
  const Received& received_;
  const mqtt::Publish& message_;
  bool pretty_;
};

bool MessageFormat::append(std::string& to, const Received& received) const {
  const std::size_t begin = to.size();
  FormatWriter writer(to, received, pretty_);
  for (const Step& step : steps_) {
    if (writer.write(step)) continue;
    to.resize(begin);
    return false;
  }
  return true;
}

}  // namespace mqz::commands
