// What the broker tells its operator, a line per event, to the places that log_dest names. Shards
// of any thread write and never wait for a place. Shards see only this interface, and tests give
// them none.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.h"
#include "lib/broker/config/config.h"
#include "lib/broker/log_writer.h"

namespace mqz::broker {

class EventLog {
 public:
  // Opens the log file, if there is one: io when that fails.
  static Result<std::unique_ptr<EventLog>> open(const Log& config);
  ~EventLog();

  bool wants(LogType type) const { return config_.has(type) && has_place_; }
  bool wants_connections() const { return config_.connections && wants(LogType::notice); }
  void write(LogType type, std::string_view text);
  // The log file by its name again, after a rotation; keeps the old one when that fails.
  Result<void> reopen();

  // Lines for $SYS/broker/log/…, since the last call; at most 1000 wait, further ones are not kept.
  struct TopicLine {
    char letter{};  // E, W, N, I, D, M/subscribe, M/unsubscribe: as Mosquitto names the topics
    std::string text{};
  };
  std::vector<TopicLine> take_topic_lines();

 private:
  explicit EventLog(const Log& config);
  std::string stamp() const;

  const Log config_;
  const bool has_place_;
  std::mutex lock_{};
  std::vector<TopicLine> topic_lines_{};
  LogWriter writer_;
};

}  // namespace mqz::broker
