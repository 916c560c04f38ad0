#include "lib/storage/removal_thread.h"

#include <array>

#include "lib/os/thread.h"

namespace mqz::storage {

RemovalThread::RemovalThread(Journal& journal, std::vector<std::uint32_t> ordinals,
                             Position counted, std::function<void()> done)
    : journal_(journal), ordinals_(std::move(ordinals)), counted_(counted), done_(std::move(done)) {
  auto started = os::start_thread([this] { run(); });
  if (started) {
    thread_ = std::move(*started);
    return;
  }
  {
    const std::lock_guard hold(lock_);
    outcome_ = tl::unexpected(started.error());
  }
  if (done_) done_();
}

RemovalThread::~RemovalThread() {
  given_up_ = true;
  if (thread_.joinable()) thread_.join();
}

std::optional<Result<bool>> RemovalThread::outcome() const {
  const std::lock_guard hold(lock_);
  return outcome_;
}

Result<bool> RemovalThread::remove_all() {
  for (const std::uint32_t ordinal : ordinals_) {
    if (given_up_) return false;
    const std::array one{ordinal};
    auto removed = journal_.remove_segments(one, counted_);
    if (!removed || !*removed) return removed;
  }
  return true;
}

void RemovalThread::run() {
  Result<bool> removed = remove_all();
  {
    const std::lock_guard hold(lock_);
    outcome_ = std::move(removed);
  }
  if (done_) done_();
}

}  // namespace mqz::storage
