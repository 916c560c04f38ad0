#include "lib/broker/log_writer.h"

#include <fmt/format.h>
#include <poll.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>

#include "lib/os/clock.h"

namespace mqz::broker {
namespace {

// What a pipe takes whole when poll says that it takes anything.
constexpr std::size_t piece_bytes = 4096;
// Lines gather so long after those before them, so that many cost one write and one waking.
constexpr std::chrono::milliseconds rest{10};

}  // namespace

LogWriter::LogWriter(Places places) : places_(std::move(places)), thread_([this] { run(); }) {}

LogWriter::~LogWriter() {
  {
    const std::lock_guard hold(lock_);
    is_ending_ = true;
    give_up_ = os::read_mono() + last_words;
  }
  news_.notify_one();
  thread_.join();
}

void LogWriter::put(Line line) {
  {
    const std::lock_guard hold(lock_);
    if (waiting_bytes_ + line.text.size() > waiting_bytes_max) {
      ++lost_;
      return;
    }
    waiting_bytes_ += line.text.size();
    waiting_.push_back(std::move(line));
  }
  news_.notify_one();
}

void LogWriter::set_file(os::Fd file) {
  const std::lock_guard hold(lock_);
  next_file_ = std::move(file);
}

void LogWriter::run() {
  for (;;) {
    std::unique_lock hold(lock_);
    news_.wait(hold, [this] { return is_ending_ || !waiting_.empty() || lost_ > 0; });
    if (waiting_.empty() && lost_ == 0) return;
    const std::vector<Line> lines = std::exchange(waiting_, {});
    const std::uint64_t lost = std::exchange(lost_, 0);
    if (next_file_.is_open()) file_ = std::move(next_file_);
    hold.unlock();
    write(lines);
    if (lost > 0)
      write({{LOG_WARNING, 0, fmt::format("{} lines were lost: this log was not taken\n", lost)}});
    std::this_thread::sleep_for(rest);
    hold.lock();
    waiting_bytes_ = 0;
    for (const Line& line : waiting_) waiting_bytes_ += line.text.size();
  }
}

void LogWriter::write(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) {
    text += line.text;
    if (!places_.syslog) continue;
    const std::string_view plain =
        std::string_view(line.text).substr(line.stamp, line.text.size() - line.stamp - 1);
    syslog(line.priority, "%.*s", static_cast<int>(plain.size()), plain.data());
  }
  for (const int fd : places_.descriptors) write_to(fd, text);
  if (file_.is_open()) write_to(file_.get(), text);
}

// A log that cannot be written must not stop the broker, so nothing follows from a failure here.
void LogWriter::write_to(int fd, std::string_view text) {
  while (!text.empty() && !is_given_up()) {
    pollfd room{fd, POLLOUT, 0};
    if (::poll(&room, 1, 100) == 0) continue;
    const ssize_t written = ::write(fd, text.data(), std::min(text.size(), piece_bytes));
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

bool LogWriter::is_given_up() {
  const std::lock_guard hold(lock_);
  return os::read_mono() >= give_up_;
}

}  // namespace mqz::broker
