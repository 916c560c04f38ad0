// What makes a shard run: its thread's poller, the sockets of its connections, the clocks, and the
// mail. One turn: wait, read, take mail, tick, write, post mail.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "lib/base/error.h"
#include "lib/broker/broker_clock.h"
#include "lib/broker/lingering.h"
#include "lib/broker/mailbox.h"
#include "lib/broker/memory_guard.h"
#include "lib/broker/shard.h"
#include "lib/os/descriptors.h"
#include "lib/os/poller.h"
#include "lib/os/socket.h"
#include "lib/storage/journal.h"

namespace mqz::broker {

// Where all shards tell how busy they are, in thousandths of the last while; the front reads it for
// placement.
using Loads = std::vector<std::atomic<std::uint16_t>>;

class ShardLoop {
 public:
  static Result<std::unique_ptr<ShardLoop>> open(Shard::Options options, Loads& loads);

  // Before run: whom to post to (this loop's own among them), and on the front where to listen.
  void set_peers(std::vector<ShardLoop*> peers) { peers_ = std::move(peers); }
  // Where to accept, and for each which of the shard's listener settings holds.
  Result<void> listen(std::vector<os::Listener> listeners,
                      std::vector<std::uint16_t> settings_index);

  // Before run; it may be set until then. Every point in time here is one of this clock.
  void use(BrokerClock& clock) { clock_ = &clock; }
  // Before run: what the front proposes to, if anything is kept. No loop takes in messages faster
  // than it commits them.
  void set_journal(const storage::Journal& journal) { journal_ = &journal; }
  // Before run: called once in every turn.
  void on_turn(std::function<void(MonoTime)> hook) { on_turn_ = std::move(hook); }

  // Until told to drain. Then: says goodbye to every client, closes, returns.
  void run();
  Mailbox& mailbox() { return mailbox_; }
  Shard& shard() { return shard_; }

 private:
  static constexpr std::size_t read_bytes = 256 * 1024;
  static constexpr Millis drain_limit{800};
  static constexpr Millis load_interval{200};
  static constexpr Millis accept_pause{100};
  static constexpr Millis clock_interval{1000};  // between two looks at the wall clock, at most
  // After so many connections have ended and the shard is quiet, their memory goes back.
  static constexpr std::size_t many_closed = 1000;
  static constexpr std::int64_t quiet_load = 100;  // thousandths
  static constexpr Millis quiet_while{1000};

  ShardLoop(Shard::Options options, os::Poller poller, os::Wakeup wakeup, Loads& loads);

  Now read_now() const;
  void note_clock();
  bool are_others_crowded() const;
  void guard_memory(MonoTime now);
  bool is_journal_idle() const;
  bool is_journal_behind() const;
  void turn();
  Millis timeout() const;
  void on_event(const os::PollEvent& event);
  void accept_all(os::Listener& listener);
  void pause_accepting();
  void resume_accepting();
  void read(Connection& connection);
  void feed(Connection& connection, Bytes input);
  void feed_partial(Connection& connection);
  void take_mail();
  void write_dirty();
  void write(Connection& connection);
  void pause(Connection& connection);
  void watch(Connection& connection);
  void settle(Connection& connection);
  void flush_later(Connection& connection);
  void close(Connection& connection);
  void post_mail();
  void note_load(MonoTime now);
  void drain();

  BrokerClock* clock_ = nullptr;  // of all loops; the front's notes its steps
  const storage::Journal* journal_ = nullptr;
  std::function<void(MonoTime)> on_turn_{};
  MemoryGuard guard_;
  Shard shard_;
  os::Poller poller_;
  Mailbox mailbox_;
  Loads& loads_;
  ShardIndex index_;
  std::vector<ShardLoop*> peers_{};
  std::vector<os::Listener> listeners_{};
  std::vector<std::uint16_t> settings_index_{};
  MonoTime accept_again_ = MonoTime::max();
  os::DescriptorRoom descriptors_{};
  Lingering lingering_{};
  bool holds_back_ = false;            // nothing is read in this turn
  std::unique_ptr<std::byte[]> room_;  // what is read lands here first
  std::vector<std::uint16_t> loads_seen_{};
  std::size_t closed_ = 0;  // connections, since memory was given back
  MonoTime load_since_{};
  MonoTime memory_returned_{};
  std::chrono::microseconds cpu_then_{};  // of this thread, at load_since_
};

}  // namespace mqz::broker
