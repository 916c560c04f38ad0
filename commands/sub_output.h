// Where the messages of `mqz sub` go: to standard output as text, to files, to commands, or into
// counts.
#pragma once

#include <optional>
#include <string>

#include "commands/message_commands.h"
#include "commands/message_files.h"
#include "commands/message_tally.h"
#include "commands/stdout_sink.h"
#include "commands/sub_plan.h"
#include "commands/watch_screen.h"

namespace mqz::commands {

class SubOutput {
 public:
  SubOutput(const SubPlan& plan, std::string path, os::Poller& poller);

  Checked<void> open();
  void take(const mqtt::Publish& message);
  void begin_reports(MonoTime now);  // the subscriptions stand

  std::optional<MonoTime> deadline() const { return report_at_; }
  void tick(MonoTime now);
  void write_last();  // what is said at the end

  bool is_crowded() const;  // take in no more for the moment
  bool is_at_work() const { return commands_ && !commands_->is_empty(); }
  bool is_blocked() const { return sink_.is_blocked() && !sink_.has_failed(); }
  bool has_ended() const { return failure_ || sink_.has_failed(); }
  bool is_reader_gone() const { return sink_.is_closed(); }
  // Why not everything got where it should: worst first.
  std::optional<Stop> failure() const;

 private:
  void show(const mqtt::Publish& message);
  void print(const mqtt::Publish& message);
  void watch(const mqtt::Publish& message);
  void dump(const mqtt::Publish& message);
  void command_done(const MessageCommands::Done& done);
  void report(MonoTime now);

  const SubPlan& plan_;
  std::string path_;
  os::Poller& poller_;
  StdoutSink sink_;
  std::optional<MessageFiles> files_{};
  std::optional<MessageCommands> commands_{};
  std::optional<WatchScreen> screen_{};
  MessageTally tally_{};
  std::optional<MonoTime> report_at_{};
  std::uint64_t commands_run_ = 0;
  std::uint64_t commands_failed_ = 0;
  std::optional<Stop> failure_{};
};

}  // namespace mqz::commands
