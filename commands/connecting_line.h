// "connecting to host:port ..." on a terminal, when that takes longer than one notices; gone when
// it is done.
#pragma once

#include <optional>
#include <string>

#include "commands/messaging.h"
#include "lib/base/time.h"

namespace mqz::commands {

class ConnectingLine {
 public:
  // Never shown where standard error is no terminal, or when it would stand between traces.
  ConnectingLine(std::string path, const Messaging& messaging, bool quiet);

  void begin(MonoTime now);
  std::optional<MonoTime> deadline() const { return show_at_; }
  void tick(MonoTime now);
  // Before anything else is said.
  void erase();

 private:
  std::string text_{};
  std::optional<MonoTime> show_at_{};
  bool is_shown_ = false;
};

}  // namespace mqz::commands
