#include "lib/broker/shard_loop.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

#include "lib/os/clock.h"
#include "lib/os/memory.h"

namespace mqz::broker {

Result<std::unique_ptr<ShardLoop>> ShardLoop::open(Shard::Options options, Loads& loads) {
  auto poller = os::Poller::open();
  if (!poller) return tl::unexpected(poller.error());
  auto wakeup = os::Wakeup::open();
  if (!wakeup) return tl::unexpected(wakeup.error());
  std::unique_ptr<ShardLoop> loop(
      new ShardLoop(std::move(options), std::move(*poller), std::move(*wakeup), loads));
  if (auto added = loop->poller_.add(loop->mailbox_.fd(), os::Interest::read, &loop->mailbox_);
      !added) {
    return tl::unexpected(added.error());
  }
  return loop;
}

ShardLoop::ShardLoop(Shard::Options options, os::Poller poller, os::Wakeup wakeup, Loads& loads)
    : guard_(options.settings.memory_bytes_max, os::resident_bytes),
      shard_(std::move(options)),
      poller_(std::move(poller)),
      mailbox_(std::move(wakeup)),
      loads_(loads),
      index_(shard_.index()),
      room_(new std::byte[read_bytes]) {}

Result<void> ShardLoop::listen(std::vector<os::Listener> listeners,
                               std::vector<std::uint16_t> settings_index) {
  listeners_ = std::move(listeners);
  settings_index_ = std::move(settings_index);
  for (os::Listener& listener : listeners_) {
    if (auto added = poller_.add(listener.fd.get(), os::Interest::read, &listener); !added)
      return added;
  }
  return {};
}

void ShardLoop::run() {
  load_since_ = read_now().mono;
  shard_.set_now(read_now());
  shard_.start();
  while (!mailbox_.is_told_to_drain()) turn();
  drain();
}

// No descriptor or no memory for another connection: those who wait keep waiting, and the loop does
// not spin.
void ShardLoop::pause_accepting() {
  for (os::Listener& listener : listeners_)
    poller_.change(listener.fd.get(), os::Interest::none, &listener);
  accept_again_ = read_now().mono + accept_pause;
}

void ShardLoop::resume_accepting() {
  if (!descriptors_.has_room()) {
    accept_again_ = read_now().mono + accept_pause;
    return;
  }
  for (os::Listener& listener : listeners_)
    poller_.change(listener.fd.get(), os::Interest::read, &listener);
  accept_again_ = MonoTime::max();
}

Millis ShardLoop::timeout() const {
  if (shard_.has_work()) return Millis(0);
  MonoTime next = read_now().mono + Millis(60'000);
  if (const auto due = shard_.next_deadline()) next = std::min(next, *due);
  if (const auto due = lingering_.next_deadline()) next = std::min(next, *due);
  next = std::min(next, accept_again_);
  // A step of the wall clock has to be durable before the process may be killed.
  if (index_ == front_shard && journal_ != nullptr)
    next = std::min(next, read_now().mono + clock_interval);
  // What it last told of its load, or what it has to give back, must not stand while it sleeps.
  if (shard_.held() != Held::nothing)
    next = std::min(next, read_now().mono + MemoryGuard::measure_interval);
  const bool was_busy = loads_[index_].load(std::memory_order_relaxed) >= quiet_load;
  if (was_busy || closed_ >= many_closed) next = std::min(next, load_since_ + quiet_while);
  return std::max(Millis(0), next - read_now().mono);
}

// Reading goes on only as fast as the slowest of the shards that this one feeds.
bool ShardLoop::are_others_crowded() const {
  return std::ranges::any_of(peers_, [this](const ShardLoop* peer) {
    return peer != this && peer->mailbox_.is_crowded();
  });
}

Now ShardLoop::read_now() const { return clock_->at(os::read_mono()); }

// Ahead of what the turn brings: whatever it makes durable comes back with the clock it was made
// by.
void ShardLoop::note_clock() {
  if (index_ != front_shard) return;
  if (const auto stepped = clock_->note(os::read_clocks())) shard_.set_clock(*stepped);
}

void ShardLoop::turn() {
  holds_back_ = are_others_crowded();
  if (holds_back_) std::this_thread::sleep_for(Millis(1));
  const auto events = poller_.wait(timeout());
  const Now now = read_now();
  if (now.mono - load_since_ >= load_interval) note_load(now.mono);
  if (now.mono >= accept_again_) resume_accepting();
  shard_.set_now(now);
  note_clock();
  shard_.set_journal_full(journal_ != nullptr && journal_->space() != storage::SpaceState::ok);
  // A commit begins with what a part of the turn has brought, and the rest gathers beside it.
  constexpr std::size_t commit_early = 32;
  std::size_t handled = 0;
  for (const os::PollEvent& event : events) {
    on_event(event);
    if (++handled % commit_early == 0 && is_journal_idle()) shard_.flush();
  }
  guard_memory(now.mono);
  if (on_turn_) on_turn_(now.mono);
  shard_.tick();
  shard_.flush();
  write_dirty();
  shard_.flush();
  post_mail();
  if (!lingering_.empty()) lingering_.read_all(poller_, now.mono);
}

void ShardLoop::guard_memory(MonoTime now) {
  constexpr Millis return_interval{1000};
  const bool is_over = guard_.is_over(now);
  const Held held = is_journal_behind() ? Held::records : is_over ? Held::publishes : Held::nothing;
  if (held != shard_.held()) shard_.hold(held);
  if (!is_over || now - memory_returned_ < return_interval) return;
  memory_returned_ = now;
  os::return_freed_memory();
}

bool ShardLoop::is_journal_idle() const {
  return index_ == front_shard && journal_ != nullptr && journal_->waiting_bytes() == 0;
}

bool ShardLoop::is_journal_behind() const {
  constexpr std::uint64_t backlog_max = 64ULL << 20U;
  return journal_ != nullptr && journal_->waiting_bytes() > backlog_max;
}

void ShardLoop::note_load(MonoTime now) {
  const std::chrono::microseconds cpu = os::read_thread_cpu();
  const auto load = (cpu - cpu_then_) / (now - load_since_).count();
  loads_[index_].store(static_cast<std::uint16_t>(std::min<std::int64_t>(load.count(), 1000)),
                       std::memory_order_relaxed);
  cpu_then_ = cpu;
  load_since_ = now;
  if (closed_ >= many_closed && load.count() < quiet_load) {
    closed_ = 0;
    os::return_freed_memory();
  }
  if (index_ != front_shard) return;
  loads_seen_.clear();
  for (const auto& one : loads_) loads_seen_.push_back(one.load(std::memory_order_relaxed));
  shard_.set_loads(loads_seen_);
}

void ShardLoop::on_event(const os::PollEvent& event) {
  if (event.token == &mailbox_) return take_mail();
  if (lingering_.is_mine(event.token)) return;  // read at the end of the turn
  for (os::Listener& listener : listeners_) {
    if (event.token == &listener) return accept_all(listener);
  }
  Connection& connection = *static_cast<Connection*>(event.token);
  if (connection.state == ConnectionState::closed) return;
  if (connection.is_flushing) {
    write(connection);
    if (!connection.write_blocked) settle(connection);
    return;
  }
  if (event.hung_up && connection.is_paused) return shard_.lost(connection);
  if (event.writable && connection.write_blocked) {
    write(connection);
    shard_.writable(connection);
  }
  if (event.readable) read(connection);
}

void ShardLoop::accept_all(os::Listener& listener) {
  const auto index = static_cast<std::uint16_t>(&listener - listeners_.data());
  constexpr int accepts_a_turn = 64;
  for (int count = 0; count < accepts_a_turn; ++count) {
    os::AcceptResult result = os::accept_on(listener, false);
    if (result.status == os::IoStatus::failed) return pause_accepting();
    if (result.status != os::IoStatus::ok) return;
    Connection& connection = shard_.accept(result.accepted.fd.get(), settings_index_[index]);
    if (!poller_.add(connection.transport, os::Interest::read, &connection)) {
      connection.transport = -1;
      shard_.lost(connection);
      continue;
    }
    connection.polled = connection.transport;
    result.accepted.fd.release();
    const bool is_last = descriptors_.is_last(connection.transport);
    // A client speaks first, and its CONNECT is often here already.
    read(connection);
    if (is_last) return pause_accepting();
  }
}

void ShardLoop::read(Connection& connection) {
  if (connection.state == ConnectionState::closing || holds_back_) return;
  if (connection.state == ConnectionState::connecting || connection.is_held)
    return pause(connection);
  const os::IoResult result = os::read_some(connection.transport, {room_.get(), read_bytes});
  if (result.status == os::IoStatus::would_block) return;
  if (result.status != os::IoStatus::ok) return shard_.lost(connection);
  guard_.note_read(result.bytes);
  feed(connection, {room_.get(), result.bytes});
}

void ShardLoop::pause(Connection& connection) {
  connection.is_paused = true;
  watch(connection);
}

// What the poller is to wait for.
void ShardLoop::watch(Connection& connection) {
  const auto read = connection.is_paused ? os::Interest::none : os::Interest::read;
  const auto blocked = connection.is_paused ? os::Interest::write : os::Interest::read_write;
  poller_.change(connection.transport, connection.write_blocked ? blocked : read, &connection);
}

void ShardLoop::feed(Connection& connection, Bytes input) {
  if (!connection.partial.empty()) {
    connection.partial.append(as_text(input));
    return feed_partial(connection);
  }
  const std::size_t used = shard_.receive(connection, input);
  if (used < input.size()) connection.partial.assign(as_text(input.subspan(used)));
}

void ShardLoop::feed_partial(Connection& connection) {
  const std::size_t used = shard_.receive(connection, as_bytes(connection.partial));
  connection.partial.erase(0, used);
  if (connection.partial.empty()) std::string().swap(connection.partial);
}

void ShardLoop::take_mail() {
  for (Mailbox::Batch& batch : mailbox_.take()) {
    for (Mail& mail : batch.mail) shard_.receive_mail(batch.from, std::move(mail));
  }
}

// Writing may let more through (a window of a slow client), so this goes on while there is
// something, within bounds.
void ShardLoop::write_dirty() {
  constexpr int rounds_a_turn = 8;
  for (int round = 0; round < rounds_a_turn; ++round) {
    const std::vector<SlotId> dirty = shard_.take_dirty();
    if (dirty.empty()) return;
    for (const SlotId id : dirty) {
      if (Connection* connection = shard_.find_connection(id)) settle(*connection);
    }
  }
}

// One connection with something to do: to be known to the poller, to be fed again, written, or
// closed.
void ShardLoop::settle(Connection& connection) {
  connection.dirty = false;
  if (connection.state == ConnectionState::closed) return close(connection);
  if (connection.polled < 0) {
    if (!poller_.add(connection.transport, os::Interest::read, &connection)) {
      shard_.lost(connection);
      return;
    }
    connection.polled = connection.transport;
  }
  const bool may_be_read = connection.state == ConnectionState::open && !connection.is_held;
  if (connection.is_paused && may_be_read) {
    connection.is_paused = false;
    watch(connection);
  }
  if (connection.input_waits && may_be_read) {
    connection.input_waits = false;
    feed_partial(connection);
    connection.dirty = false;
  }
  if (!connection.out.empty() && !connection.write_blocked) {
    write(connection);
    if (connection.state == ConnectionState::open && connection.out.empty())
      shard_.writable(connection);
  }
  if (connection.state == ConnectionState::closing && connection.write_blocked) {
    flush_later(connection);
  } else if (connection.state == ConnectionState::closing ||
             connection.state == ConnectionState::closed) {
    close(connection);
  }
}

// Its last words wait behind what the client has not read: it has a second for that.
void ShardLoop::flush_later(Connection& connection) {
  if (connection.is_flushing) return;
  connection.is_flushing = true;
  shard_.limit_closing(connection);
  poller_.change(connection.transport, os::Interest::write, &connection);
}

void ShardLoop::write(Connection& connection) {
  std::array<iovec, 64> pieces;
  while (!connection.out.empty()) {
    const std::size_t offered = connection.out.bytes();
    const std::size_t count = connection.out.pieces(pieces);
    const os::IoResult result =
        os::write_some(connection.transport, std::span(pieces.data(), count));
    if (result.status == os::IoStatus::would_block) break;
    if (result.status != os::IoStatus::ok) {
      shard_.lost(connection);
      return;
    }
    connection.out.consume(result.bytes);
    shard_.count_sent(result.bytes);
    if (result.bytes < offered && count < pieces.size()) break;  // the socket is full
  }
  const bool blocked = !connection.out.empty();
  if (blocked == connection.write_blocked) return;
  connection.write_blocked = blocked;
  watch(connection);
}

void ShardLoop::close(Connection& connection) {
  os::Fd fd(connection.transport);
  const bool lingers = fd.is_open() && connection.polled >= 0 &&
                       connection.state == ConnectionState::closing && !connection.closed_by_client;
  if (lingers) {
    lingering_.add(poller_, std::move(fd), read_now().mono);
  } else if (connection.polled >= 0) {
    // Also of a transport that another shard goes on with: it is posted after this.
    poller_.remove(connection.polled);
  }
  connection.out.clear();
  connection.state = ConnectionState::closed;
  ++closed_;
  shard_.release(connection);
}

// The front last: what it tells a third shard because of this mail must not come there before what
// this shard tells it itself (a newcomer learns all filters before its first connection).
void ShardLoop::post_mail() {
  auto& mail = shard_.mail();
  for (std::size_t to = mail.size(); to-- > 0;) {
    if (!mail[to].empty()) peers_[to]->mailbox_.post(index_, std::exchange(mail[to], {}));
  }
}

void ShardLoop::drain() {
  shard_.set_now(read_now());
  holds_back_ = false;
  listeners_.clear();
  poller_.remove(mailbox_.fd());  // what is posted now is not taken any more, and must not wake
  shard_.drain();
  shard_.flush();
  const MonoTime until = read_now().mono + drain_limit;
  write_dirty();
  while ((shard_.connection_count() > 0 || !lingering_.empty()) && read_now().mono < until) {
    for (const os::PollEvent& event : poller_.wait(Millis(20))) on_event(event);
    write_dirty();
    lingering_.read_all(poller_, read_now().mono);
  }
}

}  // namespace mqz::broker
