#include "commands/pub_source.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>

#include "lib/mqtt/topic.h"
#include "lib/os/errno_text.h"

namespace mqz::commands {

PubSource::PubSource(const PubPlan& plan)
    : plan_(plan), reader_(STDIN_FILENO, plan.line_separator) {
  message_.qos = plan.qos;
  message_.retain = plan.retain;
  message_.properties = plan.messaging.publish.view();
}

PubSource::Next PubSource::next() {
  if (plan_.input != PubPlan::Input::payload) return next_line();
  if (count_ == plan_.repeat) return Next::end;
  ++count_;
  message_.payload = as_bytes(plan_.payload);
  return Next::message;
}

PubSource::Next PubSource::next_line() {
  const auto line = reader_.next();
  if (!line) return reader_.at_end() ? Next::end : Next::starved;
  ++count_;
  if (line->empty() && plan_.stop_on_empty) return Next::end;
  if (plan_.json) return line->empty() ? next_line() : next_json(*line);
  if (!plan_.topic_separator.empty()) return next_with_topic(*line);
  message_.payload = as_bytes(*line);
  return Next::message;
}

PubSource::Next PubSource::next_json(std::string_view line) {
  auto read = read_json_message(line);
  if (!read) return refuse(read.error());
  json_ = std::move(*read);
  message_.topic = json_.topic ? std::string_view(*json_.topic) : std::string_view();
  message_.payload = as_bytes(json_.payload);
  message_.qos = json_.qos.value_or(plan_.qos);
  message_.retain = json_.retain.value_or(plan_.retain);
  message_.properties =
      json_.properties.empty() ? plan_.messaging.publish.view() : json_.properties.view();
  return Next::message;
}

PubSource::Next PubSource::next_with_topic(std::string_view line) {
  const std::size_t mark = line.find(plan_.topic_separator);
  if (mark == std::string_view::npos) {
    return refuse(fmt::format("has no '{}' between topic and payload", plan_.topic_separator));
  }
  message_.topic = line.substr(0, mark);
  if (!mqtt::is_valid_topic(message_.topic)) return refuse("does not begin with a topic");
  message_.payload = as_bytes(line.substr(mark + plan_.topic_separator.size()));
  return Next::message;
}

PubSource::Next PubSource::refuse(std::string_view why) {
  complaint_ = Stop{Exit::bad_input, fmt::format("line {} {}", count_, why), {}};
  return Next::bad;
}

bool PubSource::fill() {
  switch (reader_.fill()) {
    case LineReader::Fill::got:
    case LineReader::Fill::end: return true;
    case LineReader::Fill::failed:
      complaint_ =
          Stop{Exit::unreadable, fmt::format("cannot read stdin: {}", os::errno_text(errno)), {}};
      return false;
    case LineReader::Fill::too_long:
      complaint_ = Stop{Exit::bad_input,
                        fmt::format("line {} is longer than a message can be (256 MB)", count_ + 1),
                        {}};
      return false;
  }
  return false;
}

}  // namespace mqz::commands
