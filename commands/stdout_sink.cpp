#include "commands/stdout_sink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace mqz::commands {
namespace {

constexpr std::size_t kept_bytes_max = 1U << 20U;

}  // namespace

StdoutSink::StdoutSink(os::Poller& poller) : poller_(poller) {
  // What cannot be written to must not be opened anew: main() puts such a one where a descriptor
  // was closed, and its writes are to fail.
  if ((::fcntl(fd_, F_GETFL) & O_ACCMODE) == O_RDONLY) return;
  struct stat status {};
  if (::fstat(fd_, &status) != 0 || !(S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode))) return;
  own_ = os::Fd(::open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (own_.is_open()) fd_ = own_.get();
  // Nothing is waited for: errors are always reported. /dev/null cannot be waited for, and need
  // not.
  watched_ = poller_.add(fd_, os::Interest::none, static_cast<os::PollTarget*>(this)).has_value();
}

StdoutSink::~StdoutSink() {
  if (watched_) poller_.remove(fd_);
}

bool StdoutSink::is_closed() const { return error_ == EPIPE; }

void StdoutSink::write() {
  while (!is_empty() && error_ == 0 && !blocked_) {
    const ssize_t wrote = ::write(fd_, buffer_.data() + written_, buffer_.size() - written_);
    if (wrote >= 0) {
      written_ += static_cast<std::size_t>(wrote);
    } else if (errno == EAGAIN && watched_) {
      wait_for_room(true);
    } else if (errno != EINTR && errno != EAGAIN) {
      error_ = errno;
    }
  }
  if (!is_empty()) return;
  buffer_.clear();
  written_ = 0;
  if (buffer_.capacity() > kept_bytes_max) buffer_.shrink_to_fit();
}

void StdoutSink::wait_for_room(bool wanted) {
  blocked_ = wanted;
  poller_.change(fd_, wanted ? os::Interest::write : os::Interest::none,
                 static_cast<os::PollTarget*>(this));
}

void StdoutSink::on_poll(const os::PollEvent& event, MonoTime) {
  if (event.hung_up) {
    error_ = EPIPE;
    poller_.remove(fd_);
    watched_ = blocked_ = false;
  } else if (event.writable) {
    wait_for_room(false);
  }
}

}  // namespace mqz::commands
