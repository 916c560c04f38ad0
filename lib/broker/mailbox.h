// Where the other shards put their mail for one shard. The only lock of the broker: held for a swap
// or a few moves.
#pragma once

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "lib/broker/mail.h"
#include "lib/os/poller.h"

namespace mqz::broker {

class Mailbox {
 public:
  struct Batch {
    ShardIndex from = 0;
    std::vector<Mail> mail{};
  };

  explicit Mailbox(os::Wakeup wakeup) : wakeup_(std::move(wakeup)) {}

  // By any thread. The owner is woken only if it has nothing else in its box.
  void post(ShardIndex from, std::vector<Mail> mail) {
    bool was_empty = false;
    std::size_t bytes = 0;
    for (const Mail& one : mail) bytes += mail_bytes(one);
    {
      const std::lock_guard hold(lock_);
      was_empty = batches_.empty() && !told_to_drain_;
      batches_.push_back({from, std::move(mail)});
      waiting_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    }
    if (was_empty) wakeup_.wake();
  }

  // By any thread: the owner is to drain and end.
  void tell_to_drain() {
    {
      const std::lock_guard hold(lock_);
      told_to_drain_ = true;
    }
    wakeup_.wake();
  }

  // By any thread: the owner has something to look at, though no mail.
  void wake() const { wakeup_.wake(); }

  // By the owner, when woken.
  int fd() const { return wakeup_.fd(); }
  std::vector<Batch> take() {
    wakeup_.drain();
    const std::lock_guard hold(lock_);
    waiting_bytes_.store(0, std::memory_order_relaxed);
    return std::exchange(batches_, {});
  }
  // By any thread: so much waits that its senders should take in nothing new for the moment.
  bool is_crowded() const { return waiting_bytes_.load(std::memory_order_relaxed) > crowded_bytes; }
  bool is_told_to_drain() {
    const std::lock_guard hold(lock_);
    return told_to_drain_;
  }

 private:
  static constexpr std::size_t crowded_bytes = 16ULL << 20U;

  os::Wakeup wakeup_;
  std::mutex lock_{};
  std::vector<Batch> batches_{};
  bool told_to_drain_ = false;
  std::atomic<std::size_t> waiting_bytes_{0};
};

}  // namespace mqz::broker
