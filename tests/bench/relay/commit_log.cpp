#include "tests/bench/relay/commit_log.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/bench/host.h"

namespace mqz::bench {
namespace {

constexpr off_t file_bytes = 256 << 20;

int create_file(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) die_errno(path);
  if (posix_fallocate(fd, 0, file_bytes) != 0 || fsync(fd) != 0) die_errno("no room for the log");
  return fd;
}

}  // namespace

CommitLog::CommitLog(const std::string& path)
    : file_(create_file(path)),
      event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      thread_([this] { commit_batches(); }) {}

CommitLog::~CommitLog() {
  {
    const std::lock_guard guard(mutex_);
    ending_ = true;
  }
  more_.notify_one();
  thread_.join();
  close(event_);
  close(file_);
}

void CommitLog::append(std::string_view record) {
  const std::lock_guard guard(mutex_);
  gathered_.append(record);
  ++appended_;
  if (gathered_.size() == record.size()) more_.notify_one();
}

std::uint64_t CommitLog::take_committed() {
  eventfd_t count = 0;
  eventfd_read(event_, &count);
  const std::lock_guard guard(mutex_);
  return committed_;
}

void CommitLog::commit_batches() {
  std::string batch;
  off_t offset = 0;
  for (;;) {
    std::uint64_t end = 0;
    {
      std::unique_lock guard(mutex_);
      more_.wait(guard, [&] { return ending_ || !gathered_.empty(); });
      if (gathered_.empty()) return;
      batch.swap(gathered_);
      end = appended_;
    }
    if (offset + static_cast<off_t>(batch.size()) > file_bytes) offset = 0;
    if (pwrite(file_, batch.data(), batch.size(), offset) != static_cast<ssize_t>(batch.size()))
      die_errno("write to the log");
    if (fdatasync(file_) != 0) die_errno("fdatasync");
    offset += static_cast<off_t>(batch.size());
    batch.clear();
    {
      const std::lock_guard guard(mutex_);
      committed_ = end;
    }
    eventfd_write(event_, 1);
  }
}

}  // namespace mqz::bench
