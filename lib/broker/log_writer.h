// Takes lines to the places of a log on a thread of its own, so that a terminal that is stopped or
// a pipe that nobody reads holds up no shard. Lines come in the order of put; what has to wait too
// long is lost, and the log says how many lines were.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "lib/base/time.h"
#include "lib/os/fd.h"

namespace mqz::broker {

class LogWriter {
 public:
  static constexpr std::size_t waiting_bytes_max = 1U << 20U;
  // For what still waits at the end.
  static constexpr Millis last_words{300};

  struct Line {
    int priority = 0;       // syslog's
    std::size_t stamp = 0;  // bytes of `text` that syslog does without
    std::string text{};     // with its line end
  };
  struct Places {
    std::vector<int> descriptors{};  // not owned
    bool syslog = false;
  };

  explicit LogWriter(Places places);
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  void put(Line line);
  // From the next line on.
  void set_file(os::Fd file);

 private:
  void run();
  void write(const std::vector<Line>& lines);
  void write_to(int fd, std::string_view text);
  bool is_given_up();

  const Places places_;
  std::mutex lock_{};
  std::condition_variable news_{};
  std::vector<Line> waiting_{};
  std::size_t waiting_bytes_ = 0;
  std::uint64_t lost_ = 0;
  os::Fd next_file_{};
  bool is_ending_ = false;
  MonoTime give_up_ = MonoTime::max();  // set once, when it ends

  os::Fd file_{};  // the thread's
  std::thread thread_{};
};

}  // namespace mqz::broker
