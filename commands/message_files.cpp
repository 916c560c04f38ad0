#include "commands/message_files.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "commands/values.h"
#include "lib/os/errno_text.h"
#include "lib/os/fd.h"
#include "lib/os/files.h"

namespace mqz::commands {
namespace {

tl::unexpected<Stop> cannot_write(const std::string& path, int error) {
  return stop(Exit::io, fmt::format("cannot write {}: {}", path, os::errno_text(error)));
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno != EINTR) return false;
    if (wrote > 0) text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

}  // namespace

Checked<MessageFiles> MessageFiles::open(std::string directory) {
  if (::mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST) {
    return stop(Exit::io,
                fmt::format("--dump: cannot make {}: {}", directory, os::errno_text(errno)));
  }
  const auto names = os::DiskFiles().list(directory);
  if (!names) return stop(Exit::io, fmt::format("--dump: {}", names.error().text));
  if (::access(directory.c_str(), W_OK) != 0) {
    return stop(Exit::io,
                fmt::format("--dump: cannot write in {}: {}", directory, os::errno_text(errno)));
  }
  std::int64_t last = 0;
  for (const std::string& name : *names) last = std::max(last, parse_integer(name).value_or(0));
  return MessageFiles(std::move(directory), static_cast<std::uint64_t>(last));
}

Checked<void> MessageFiles::write(std::string_view text) {
  const std::string path = fmt::format("{}/{:09}", directory_, ++last_);
  const std::string unfinished = path + ".part";
  const os::Fd fd(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd.is_open() || !write_all(fd.get(), text)) {
    const int error = errno;
    if (fd.is_open()) ::unlink(unfinished.c_str());
    return cannot_write(path, error);
  }
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) return cannot_write(path, errno);
  return {};
}

}  // namespace mqz::commands
