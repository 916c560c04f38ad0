// A program in the background that is given input, and whose output may be read. Its standard error
// is ours. Signals that this process blocks are not blocked in it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/error.h"
#include "lib/os/fd.h"

namespace mqz::os {

struct ChildPlan {
  std::string shell_command{};             // for /bin/sh -c
  std::vector<std::string> environment{};  // NAME=VALUE, beside our own
  bool captures_output = false;            // else its standard output is ours
};

class Child {
 public:
  static Result<Child> start(const ChildPlan& plan);
  // One that still runs is killed and waited for.
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;

  // Readable when it has ended.
  int end_fd() const { return end_.get(); }
  // Not blocking. Closed, or never opened: -1.
  int input_fd() const { return input_.get(); }
  int output_fd() const { return output_.get(); }
  void close_input() { input_.close(); }
  void close_output() { output_.close(); }

  // Once it has ended: its exit status, or 128 + n for signal n.
  std::optional<int> reap();

 private:
  Child(int pid, Fd end, Fd input, Fd output);
  int pid_;  // 0 once reaped
  Fd end_;
  Fd input_;
  Fd output_;
};

}  // namespace mqz::os
