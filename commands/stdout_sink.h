// Standard output for programs that must not block on it: bytes are collected and written in one
// call per turn, a full pipe is waited for on the poller, and a reader that went away is noticed at
// once, not with the next message.
#pragma once

#include <string>

#include "lib/os/poll_target.h"

namespace mqz::commands {

class StdoutSink final : public os::PollTarget {
 public:
  explicit StdoutSink(os::Poller& poller);
  ~StdoutSink() override;
  StdoutSink(const StdoutSink&) = delete;
  StdoutSink& operator=(const StdoutSink&) = delete;

  std::string& buffer() { return buffer_; }  // append here
  // Writes what it can. Afterwards is_empty, or is_blocked, or has_failed.
  void write();

  std::size_t waiting_bytes() const { return buffer_.size() - written_; }
  bool is_empty() const { return written_ == buffer_.size(); }
  bool is_blocked() const { return blocked_; }
  bool has_failed() const { return error_ != 0; }
  bool is_closed() const;  // the reader is gone
  int error() const { return error_; }

  void on_poll(const os::PollEvent& event, MonoTime now) override;

 private:
  void wait_for_room(bool wanted);

  os::Poller& poller_;
  os::Fd own_{};  // the same pipe or terminal, opened anew: not blocking, which others who share
                  // the descriptor do not notice
  int fd_ = 1;
  bool watched_ = false;
  bool blocked_ = false;
  int error_ = 0;
  std::string buffer_{};
  std::size_t written_ = 0;
};

}  // namespace mqz::commands
