// Every message in a file of its own (--dump): DIR/000000001 and so on, above what is there. A file
// bears its name when it is whole.
#pragma once

#include <string>
#include <string_view>

#include "commands/stop.h"

namespace mqz::commands {

class MessageFiles {
 public:
  // Makes the directory if need be.
  static Checked<MessageFiles> open(std::string directory);
  Checked<void> write(std::string_view text);

 private:
  MessageFiles(std::string directory, std::uint64_t last)
      : directory_(std::move(directory)), last_(last) {}
  std::string directory_;
  std::uint64_t last_;
};

}  // namespace mqz::commands
