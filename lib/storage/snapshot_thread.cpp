#include "lib/storage/snapshot_thread.h"

#include <algorithm>

#include "lib/os/thread.h"

namespace mqz::storage {

SnapshotThread::SnapshotThread(Journal& journal, Position replay_from, std::function<void()> done)
    : journal_(journal),
      header_{journal.store_id(), replay_from, journal.last_segment()},
      done_(std::move(done)) {
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

SnapshotThread::~SnapshotThread() {
  {
    const std::lock_guard hold(lock_);
    given_up_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void SnapshotThread::add(SnapshotSlice slice) {
  waiting_.fetch_add(slice.bytes(), std::memory_order_relaxed);
  {
    const std::lock_guard hold(lock_);
    added_.push_back(std::move(slice));
  }
  changed_.notify_one();
}

void SnapshotThread::end() {
  {
    const std::lock_guard hold(lock_);
    ended_ = true;
  }
  changed_.notify_one();
}

std::optional<Result<void>> SnapshotThread::outcome() const {
  const std::lock_guard hold(lock_);
  return outcome_;
}

// The next slice; nothing when there will be no more.
std::optional<SnapshotSlice> SnapshotThread::take() {
  if (slices_.empty()) {
    std::unique_lock hold(lock_);
    changed_.wait(hold, [this] { return ended_ || given_up_ || !added_.empty(); });
    std::swap(slices_, added_);
    std::reverse(slices_.begin(), slices_.end());
  }
  if (slices_.empty() || given_up_) return std::nullopt;
  SnapshotSlice slice = std::move(slices_.back());
  slices_.pop_back();
  return slice;
}

Result<void> SnapshotThread::write_all() {
  auto writer = SnapshotWriter::begin(journal_.disk(), journal_.directory(), header_);
  if (!writer) return tl::unexpected(writer.error());
  while (auto slice = take()) {
    const std::size_t bytes = slice->bytes();
    if (auto added = writer->add(std::move(*slice)); !added) return added;
    waiting_.fetch_sub(bytes, std::memory_order_relaxed);
  }
  journal_.sync_soon();
  if (given_up_ || !journal_.wait_durable(writer->end(), given_up_))
    return fail(ErrorCode::conflict, "the snapshot was given up");
  return writer->finish();
}

void SnapshotThread::run() {
  Result<void> written = write_all();
  {
    const std::lock_guard hold(lock_);
    outcome_ = std::move(written);
  }
  if (done_) done_();
}

}  // namespace mqz::storage
