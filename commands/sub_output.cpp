#include "commands/sub_output.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "commands/message_text.h"
#include "lib/os/errno_text.h"

namespace mqz::commands {
namespace {

constexpr std::size_t output_bytes_max = 1U << 20U;  // above it, reading pauses
constexpr Millis report_every{1'000};

using Show = SubPlan::Show;

WatchScreen screen_of_terminal() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return {24, 80};
  return {size.ws_row, size.ws_col};
}

}  // namespace

SubOutput::SubOutput(const SubPlan& plan, std::string path, os::Poller& poller)
    : plan_(plan), path_(std::move(path)), poller_(poller), sink_(poller) {}

Checked<void> SubOutput::open() {
  if (plan_.show == Show::watch) screen_ = screen_of_terminal();
  if (plan_.show == Show::dump) {
    auto files = MessageFiles::open(plan_.dump_directory);
    if (!files) return tl::unexpected(files.error());
    files_ = std::move(*files);
  }
  if (!plan_.command.empty()) {
    commands_.emplace(poller_, plan_.command, plan_.show != Show::exec,
                      [this](const MessageCommands::Done& done) { command_done(done); });
  }
  return {};
}

void SubOutput::take(const mqtt::Publish& message) {
  if (commands_) return commands_->add(message);
  show(message);
}

void SubOutput::command_done(const MessageCommands::Done& done) {
  ++commands_run_;
  if (done.status != 0) {
    ++commands_failed_;
    const std::string why = done.complaint.empty() ? fmt::format("status {}", done.status)
                                                   : std::string(done.complaint);
    note(path_, fmt::format("the command failed on topic \"{}\": {}", done.message.topic, why));
  }
  if (plan_.show != Show::exec) show(done.message);
}

void SubOutput::show(const mqtt::Publish& message) {
  switch (plan_.show) {
    case Show::print: return print(message);
    case Show::watch: return watch(message);
    case Show::dump: return dump(message);
    case Show::rate: return tally_.count(message.topic, false);
    case Show::top: return tally_.count(message.topic, true);
    case Show::exec: return;
  }
}

void SubOutput::print(const mqtt::Publish& message) {
  std::string& out = sink_.buffer();
  if (plan_.topic_to_stderr) say(fmt::format("{}\n", message.topic));
  if (append_message(out, plan_, message)) {
    out.append(plan_.separator);
    if (plan_.line_buffered) sink_.write();
  } else if (plan_.form == SubPlan::Form::format) {
    note(path_, fmt::format("the payload on topic \"{}\" is not JSON", message.topic));
  }
}

void SubOutput::watch(const mqtt::Publish& message) {
  std::string text;
  append_message(text, plan_, message);
  screen_->show(sink_.buffer(), message.topic, text);
}

void SubOutput::dump(const mqtt::Publish& message) {
  if (failure_) return;
  std::string text;
  append_message(text, plan_, message);
  if (auto written = files_->write(text); !written) failure_ = written.error();
}

void SubOutput::begin_reports(MonoTime now) {
  const bool by_time =
      plan_.show == Show::rate || (plan_.show == Show::top && plan_.is_on_terminal);
  if (by_time && !report_at_) report_at_ = now + report_every;
}

void SubOutput::report(MonoTime now) {
  std::string& out = sink_.buffer();
  for (; *report_at_ <= now; *report_at_ += report_every) {
    if (plan_.show == Show::rate) out += fmt::format("{}\n", tally_.take_recent());
  }
  if (plan_.show == Show::top) {
    out += "\x1b[H\x1b[2J" + tally_.top(static_cast<std::size_t>(plan_.top_lines));
  }
}

void SubOutput::tick(MonoTime now) {
  if (commands_) commands_->tick();
  if (report_at_ && now >= *report_at_) report(now);
  sink_.write();
}

void SubOutput::write_last() {
  if (plan_.show == Show::top) {
    if (plan_.is_on_terminal) sink_.buffer() += "\x1b[H\x1b[2J";
    sink_.buffer() += tally_.top(static_cast<std::size_t>(plan_.top_lines));
  }
  sink_.write();
}

bool SubOutput::is_crowded() const {
  return (sink_.is_blocked() && sink_.waiting_bytes() > output_bytes_max) ||
         (commands_ && commands_->is_crowded());
}

std::optional<Stop> SubOutput::failure() const {
  if (failure_) return failure_;
  if (sink_.has_failed() && !sink_.is_closed()) {
    return Stop{
        Exit::io, fmt::format("cannot write to stdout: {}", os::errno_text(sink_.error())), {}};
  }
  if (commands_failed_ == 0) return std::nullopt;
  return Stop{
      Exit::failed, fmt::format("{} of {} commands failed", commands_failed_, commands_run_), {}};
}

}  // namespace mqz::commands
