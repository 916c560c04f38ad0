#include "lib/backend/client.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "lib/backend/failure.h"
#include "lib/os/errno_text.h"
#include "lib/os/random.h"

namespace mqz::backend {
namespace {

constexpr std::size_t read_bytes = 64U << 10U;
constexpr Millis write_patience{30'000};  // for the kernel to take the last bytes
constexpr Millis steady_after{5'000};     // a connection that lived so long resets the back-off

}  // namespace

Client::Client(os::Poller& poller, ClientOptions options, std::unique_ptr<WireSession> session,
               PubSubEvents& events)
    : poller_(poller),
      options_(std::move(options)),
      events_(events),
      session_(std::move(session)),
      backoff_(options_.delay_first, options_.delay_max) {}

Client::~Client() { drop_connection(); }

void Client::start(MonoTime now) { begin_round(now); }

void Client::begin_round(MonoTime now) {
  server_ = 0;
  round_errors_.clear();
  connect_to_next(now);
}

void Client::connect_to_next(MonoTime now) {
  phase_ = Phase::connecting;
  phase_deadline_ = now + options_.connect_timeout;
  connector_ = std::make_unique<Connector>(poller_, options_.servers[server_], now, options_.from);
}

void Client::take_socket(os::Fd fd, MonoTime now) {
  transport_ = options_.make_transport(std::move(fd), options_.servers[server_]);
  interest_ = os::Interest::read;
  if (auto added = poller_.add(transport_->fd(), interest_, static_cast<os::PollTarget*>(this));
      !added) {
    transport_.reset();
    return attempt_failed(added.error(), false, now);
  }
  phase_ = Phase::shaking;
  shake_hands(now);
}

void Client::shake_hands(MonoTime now) {
  const auto progress = transport_->handshake();
  if (!progress) return attempt_failed(progress.error(), false, now);
  shake_wants_write_ = *progress == Transport::Progress::wants_write;
  if (*progress == Transport::Progress::done) {
    phase_ = Phase::open;
    session_->open(where(), now);
    write(now);
  }
  if (transport_) update_interest();
}

std::optional<MonoTime> Client::deadline() const {
  std::optional<MonoTime> next = phase_deadline_;
  for (const auto& other : {connector_ ? connector_->deadline() : std::nullopt,
                            phase_ == Phase::open ? session_->deadline() : std::nullopt}) {
    if (other && (!next || *other < *next)) next = other;
  }
  // What is settled already is taken by the next tick.
  if ((connector_ && connector_->outcome()) || (transport_ && transport_->has_buffered())) {
    next = MonoTime{};
  }
  return next;
}

void Client::on_poll(const os::PollEvent& event, MonoTime now) {
  if (!transport_) return;
  if (phase_ == Phase::shaking) return shake_hands(now);
  if (event.writable) write_blocked_ = false;
  if (event.readable) read(now);
}

void Client::tick(MonoTime now) {
  if (connector_) {
    connector_->tick(now);
    if (connector_->outcome()) {
      Result<os::Fd> outcome = std::move(*connector_->outcome());
      connector_.reset();
      if (outcome) {
        take_socket(std::move(*outcome), now);
      } else {
        attempt_failed(outcome.error(), true, now);
      }
    }
  }
  if (transport_ && transport_->has_buffered() && !paused_) read(now);
  if (phase_ == Phase::open) session_->tick(now, !paused_);
  if (phase_deadline_ && now >= *phase_deadline_) time_out(now);
}

void Client::time_out(MonoTime now) {
  phase_deadline_.reset();
  switch (phase_) {
    case Phase::connecting:
    case Phase::shaking:
    case Phase::open:
      return attempt_failed(no_answer(where(), options_.connect_timeout, phase_ == Phase::open),
                            true, now);
    case Phase::waiting: return begin_round(now);
    case Phase::saying_bye: {
      const Error error = not_all_sent(where(), "the server does not read");
      return end(&error);
    }
    case Phase::closing: return end(nullptr);
    case Phase::idle:
    case Phase::ended: return;
  }
}

void Client::read(MonoTime now) {
  const std::size_t wanted = std::max(read_bytes, session_->bytes_wanted());
  if (input_.size() < wanted) input_.resize(wanted);
  const std::span<std::byte> room = std::span(input_).subspan(input_used_);
  const os::IoResult got = transport_->read(room);
  switch (got.status) {
    case os::IoStatus::ok: return take_input(got.bytes, now);
    case os::IoStatus::would_block: return;
    case os::IoStatus::closed:
    case os::IoStatus::failed: return peer_closed(got.error, now);
  }
}

void Client::take_input(std::size_t bytes, MonoTime now) {
  if (phase_ != Phase::open) return;  // the session is over; what still comes is not wanted
  input_used_ += bytes;
  const bool was_connected = session_->is_connected();
  const std::size_t used = session_->receive(Bytes(input_).first(input_used_), now);
  input_used_ -= used;
  if (input_used_ > 0) std::memmove(input_.data(), input_.data() + used, input_used_);
  if (!was_connected && session_->is_connected()) {
    phase_deadline_.reset();
    connected_at_ = now;
  }
  if (input_used_ == 0 && input_.size() > read_bytes) {
    input_.resize(read_bytes);
    input_.shrink_to_fit();
  }
}

void Client::flush(MonoTime now) {
  if (phase_ == Phase::open || phase_ == Phase::saying_bye) write(now);
  if (phase_ == Phase::open && session_->ending()) settle_ending(now);
  if (transport_) update_interest();
}

void Client::write(MonoTime now) {
  Outbox& outbox = session_->outbox();
  if (outbox.size() > 0 && !write_blocked_) {
    const os::IoResult wrote = transport_->write(outbox.pending());
    if (wrote.status == os::IoStatus::ok) {
      session_->written(now);
      outbox.consume(wrote.bytes);
      write_blocked_ = outbox.size() > 0;
    } else if (wrote.status == os::IoStatus::would_block) {
      write_blocked_ = true;
    } else {
      // What the server said before it closed is more telling than the failed write.
      if (phase_ == Phase::open) read(now);
      if (transport_ && !session_->ending()) return peer_closed(wrote.error, now);
    }
  }
  if (phase_ == Phase::saying_bye && outbox.size() == 0) {
    transport_->shutdown_write();
    phase_ = Phase::closing;
    phase_deadline_ = now + close_patience_;
  }
}

void Client::peer_closed(int error, MonoTime now) {
  if (phase_ == Phase::closing) {
    if (error == 0 || session_->sent_at_most_once() == 0) return end(nullptr);
    const Error reset = not_all_sent(where(), os::errno_text(error));
    return end(&reset);
  }
  if (phase_ == Phase::saying_bye) {
    const Error early = not_all_sent(where(), "the server closed the connection");
    return end(&early);
  }
  if (session_->ending()) return settle_ending(now);
  const bool was_up = session_->is_connected();
  session_->close(WireSession::ClosedBy::peer);
  if (session_->ending()) return settle_ending(now);
  if (was_up) {
    lost(connection_lost(where(), error), true, now);
  } else {
    attempt_failed(closed_before_connack(where()), true, now);
  }
}

// The session wants the connection to end.
void Client::settle_ending(MonoTime now) {
  const Ending ending = *session_->ending();
  if (ending.kind == Ending::Kind::again_at_once) {
    drop_connection();
    return connect_to_next(now);
  }
  if (ending.kind == Ending::Kind::finished) return;
  const Error error = describe_failure(where(), ending);
  if (session_->is_connected()) {
    lost(error, ending.may_retry, now);
  } else {
    attempt_failed(error, ending.may_retry, now);
  }
}

// One server did not become a connection: the next one, or the end of this round.
void Client::attempt_failed(Error error, bool may_retry, MonoTime now) {
  drop_connection();
  round_errors_.push_back(std::move(error));
  if (may_retry && server_ + 1 < options_.servers.size()) {
    ++server_;
    return connect_to_next(now);
  }
  const Error all = join_errors(round_errors_);
  if (may_retry && session_->was_connected() && options_.reconnect) return wait_and_retry(all, now);
  end(&all);
}

void Client::lost(const Error& error, bool may_retry, MonoTime now) {
  if (now - connected_at_ >= steady_after) backoff_.reset();
  uncertain_ += session_->sent_at_most_once();
  session_->forget_sent_at_most_once();
  drop_connection();
  if (!may_retry || !options_.reconnect) return end(&error);
  wait_and_retry(error, now);
}

void Client::wait_and_retry(const Error& error, MonoTime now) {
  const Millis delay = backoff_.take(os::random_u64());
  phase_ = Phase::waiting;
  phase_deadline_ = now + delay;
  events_.on_waiting(error, delay);
}

void Client::drop_connection() {
  if (transport_) poller_.remove(transport_->fd());
  transport_.reset();
  connector_.reset();
  session_->close(WireSession::ClosedBy::us);
  input_used_ = 0;
  write_blocked_ = false;
  phase_deadline_.reset();
}

void Client::end(const Error* why) {
  drop_connection();
  phase_ = Phase::ended;
  events_.on_ended(why);
}

void Client::pause(bool paused) {
  paused_ = paused;
  if (transport_) update_interest();
}

void Client::finish(mqtt::Reason reason, mqtt::PropertyView properties, MonoTime now,
                    Millis patience) {
  if (phase_ == Phase::ended || phase_ == Phase::saying_bye || phase_ == Phase::closing) return;
  if (phase_ != Phase::open || !session_->is_connected()) return end(nullptr);
  session_->disconnect(reason, properties);
  phase_ = Phase::saying_bye;
  close_patience_ = patience;
  phase_deadline_ = now + std::max(patience, write_patience);
  paused_ = false;
}

void Client::update_interest() {
  const bool writes = write_blocked_ || (phase_ == Phase::shaking && shake_wants_write_);
  const bool reads = !paused_;
  const auto wanted = static_cast<os::Interest>((reads ? 1 : 0) | (writes ? 2 : 0));
  if (wanted == interest_) return;
  interest_ = wanted;
  poller_.change(transport_->fd(), wanted, static_cast<os::PollTarget*>(this));
}

}  // namespace mqz::backend
