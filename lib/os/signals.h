// Signals as a descriptor (signalfd): blocked for the whole process, read by one loop.
#pragma once

#include <initializer_list>
#include <optional>

#include "lib/base/error.h"
#include "lib/os/fd.h"

namespace mqz::os {

class Signals {
 public:
  // Call before the first thread starts. SIGPIPE is ignored too.
  static Result<Signals> open(std::initializer_list<int> which);
  int fd() const { return fd_.get(); }
  std::optional<int> take() const;  // the next signal, if one waits

 private:
  explicit Signals(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_{};
};

}  // namespace mqz::os
