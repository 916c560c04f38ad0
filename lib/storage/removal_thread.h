// Removes segments beside the work, one after the other: to give the blocks of one back takes a
// file system tens of milliseconds.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "lib/storage/journal.h"

namespace mqz::storage {

class RemovalThread {
 public:
  // As Journal::remove_segments. `done` is called once when it is over; then outcome() has an
  // answer.
  RemovalThread(Journal& journal, std::vector<std::uint32_t> ordinals, Position counted,
                std::function<void()> done);
  RemovalThread(const RemovalThread&) = delete;
  RemovalThread& operator=(const RemovalThread&) = delete;
  // Waits for the one that is being removed; the rest stays.
  ~RemovalThread();

  // Any thread. Nothing until it is over. unavailable: no thread can be started, or the disk said
  // so.
  std::optional<Result<bool>> outcome() const;

 private:
  void run();
  Result<bool> remove_all();

  Journal& journal_;
  std::vector<std::uint32_t> ordinals_;
  Position counted_;
  std::function<void()> done_;
  mutable std::mutex lock_{};
  std::optional<Result<bool>> outcome_{};
  std::atomic<bool> given_up_{false};
  std::thread thread_{};  // last: it uses the others
};

}  // namespace mqz::storage
