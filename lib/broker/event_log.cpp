#include "lib/broker/event_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>
#include <utility>

#include "lib/base/one_line.h"

namespace mqz::broker {
namespace {

constexpr std::size_t topic_lines_max = 1000;

struct TypeRow {
  LogType type{};
  char letter{};
  int priority{};
};

constexpr std::array rows{
    TypeRow{LogType::error, 'E', LOG_ERR},          TypeRow{LogType::warning, 'W', LOG_WARNING},
    TypeRow{LogType::notice, 'N', LOG_NOTICE},      TypeRow{LogType::information, 'I', LOG_INFO},
    TypeRow{LogType::debug, 'D', LOG_DEBUG},        TypeRow{LogType::subscribe, 'M', LOG_NOTICE},
    TypeRow{LogType::unsubscribe, 'M', LOG_NOTICE}, TypeRow{LogType::websockets, 'D', LOG_DEBUG},
    TypeRow{LogType::internal, 'D', LOG_DEBUG},
};

const TypeRow& row_of(LogType type) {
  for (const TypeRow& row : rows) {
    if (row.type == type) return row;
  }
  return rows.front();
}

Result<os::Fd> open_file(const std::string& path) {
  os::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  if (!file.is_open()) {
    return fail(ErrorCode::io,
                fmt::format("cannot open log file {}: {}", path, std::strerror(errno)));
  }
  return file;
}

LogWriter::Places places_of(const Log& config) {
  LogWriter::Places places{.syslog = config.to_syslog};
  if (config.to_stderr) places.descriptors.push_back(STDERR_FILENO);
  if (config.to_stdout) places.descriptors.push_back(STDOUT_FILENO);
  return places;
}

}  // namespace

EventLog::EventLog(const Log& config)
    : config_(config),
      has_place_(config.to_stderr || config.to_stdout || config.to_syslog || config.to_topic ||
                 !config.file.empty()),
      writer_(places_of(config)) {}

EventLog::~EventLog() = default;

Result<std::unique_ptr<EventLog>> EventLog::open(const Log& config) {
  std::unique_ptr<EventLog> log(new EventLog(config));
  if (config.to_syslog) openlog("mqz", LOG_PID, LOG_DAEMON);
  if (auto opened = log->reopen(); !opened) return tl::unexpected(opened.error());
  return log;
}

Result<void> EventLog::reopen() {
  if (config_.file.empty()) return {};
  auto file = open_file(config_.file);
  if (!file) return tl::unexpected(file.error());
  writer_.set_file(std::move(*file));
  return {};
}

std::string EventLog::stamp() const {
  if (!config_.timestamp) return {};
  const std::time_t now = std::time(nullptr);
  if (config_.timestamp_format.empty()) return fmt::format("{}: ", now);
  std::tm parts{};
  localtime_r(&now, &parts);
  std::array<char, 256> room{};
  const std::size_t size =
      std::strftime(room.data(), room.size(), config_.timestamp_format.c_str(), &parts);
  return fmt::format("{}: ", std::string_view(room.data(), size));
}

void EventLog::write(LogType type, std::string_view said) {
  if (!wants(type)) return;
  // Names of clients, topics and files are others' text.
  const std::string text = one_line(said);
  const TypeRow& row = row_of(type);
  if (config_.to_topic) {
    const std::lock_guard hold(lock_);
    if (topic_lines_.size() < topic_lines_max) topic_lines_.push_back({row.letter, text});
  }
  if (!config_.to_syslog && !config_.to_stderr && !config_.to_stdout && config_.file.empty())
    return;
  const std::string mark = stamp();
  writer_.put({row.priority, mark.size(), fmt::format("{}{}\n", mark, text)});
}

std::vector<EventLog::TopicLine> EventLog::take_topic_lines() {
  const std::lock_guard hold(lock_);
  return std::exchange(topic_lines_, {});
}

}  // namespace mqz::broker
