// Where the messages of `mqz pub` come from, one after another.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "commands/line_reader.h"
#include "commands/message_json.h"
#include "commands/pub_plan.h"

namespace mqz::commands {

class PubSource {
 public:
  explicit PubSource(const PubPlan& plan);

  // What next() found. `starved` means that more must be read first (fill).
  enum class Next : unsigned char { message, starved, end, bad };

  // On `message`, message() holds it until the next call; its topic is empty when every topic of
  // the plan is meant.
  Next next();
  const mqtt::Publish& message() const { return message_; }
  const Stop& complaint() const { return complaint_; }  // on `bad`

  // Reads once. False when that failed: complaint().
  bool fill();
  LineReader& reader() { return reader_; }
  // Has all input been read? False when an empty line has ended it before.
  bool is_exhausted() const { return reader_.at_end(); }

 private:
  Next next_line();
  Next next_json(std::string_view line);
  Next next_with_topic(std::string_view line);
  Next refuse(std::string_view why);

  const PubPlan& plan_;
  LineReader reader_;
  std::uint64_t count_ = 0;  // of lines, or of repetitions
  JsonMessage json_{};
  mqtt::Publish message_{};
  Stop complaint_{};
};

}  // namespace mqz::commands
