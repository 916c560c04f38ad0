#include "commands/read_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>

#include "lib/os/errno_text.h"
#include "lib/os/fd.h"

namespace mqz::commands {
namespace {

constexpr std::size_t block = 64U << 10U;
constexpr std::size_t bytes_max = 268'435'456;  // no message and no password is larger

}  // namespace

Checked<std::string> read_file(const std::string& path, std::string_view flag) {
  const std::string name = path == "-" ? "stdin" : fmt::format("{} {}", flag, path);
  const auto failed = [&](std::string_view why) {
    return stop(Exit::unreadable, fmt::format("cannot read {}: {}", name, why));
  };
  const os::Fd opened(path == "-" ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (path != "-" && !opened.is_open()) return failed(os::errno_text(errno));
  const int fd = path == "-" ? STDIN_FILENO : opened.get();
  std::string text;
  while (text.size() <= bytes_max) {
    const std::size_t before = text.size();
    text.resize(before + block);
    const ssize_t got = ::read(fd, text.data() + before, block);
    if (got < 0 && errno != EINTR) return failed(os::errno_text(errno));
    text.resize(before + static_cast<std::size_t>(got < 0 ? 0 : got));
    if (got == 0) return text;
  }
  return stop(Exit::bad_input, fmt::format("{} is larger than a message can be (256 MB)", name));
}

}  // namespace mqz::commands
