#include "commands/sub_run.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "lib/backend/failure.h"
#include "lib/mqtt/encode.h"
#include "lib/mqtt/topic.h"
#include "lib/os/clock.h"
#include "lib/os/random.h"

namespace mqz::commands {
namespace {

constexpr Millis close_patience{1'000};
}  // namespace

Subscriber::Subscriber(const SubPlan& plan, std::string path, os::Poller& poller,
                       os::Signals& signals)
    : plan_(plan),
      path_(std::move(path)),
      poller_(poller),
      signals_(signals),
      output_(plan, path_, poller),
      connecting_(path_, plan.messaging, plan.quiet),
      random_(os::random_u64() | 1U) {}

Subscriber::~Subscriber() { poller_.remove(signals_.fd()); }

int Subscriber::run() {
  now_ = heard_at_ = os::read_mono();
  if (auto added = poller_.add(signals_.fd(), os::Interest::read,
                               static_cast<os::PollTarget*>(&signal_input_));
      !added) {
    return report(path_, stop_for(added.error()));
  }
  if (plan_.timeout) end_at_ = now_ + *plan_.timeout;
  if (auto opened = output_.open(); !opened) return report(path_, opened.error());
  auto client = make_client(plan_.messaging, poller_, *this);
  if (!client) return report(path_, stop_for(client.error()));
  client_ = std::move(*client);
  connecting_.begin(now_);
  client_->start(now_);
  while (!ended_) turn();
  output_.write_last();
  drain_output();
  return conclude();
}

void Subscriber::turn() {
  const auto events = poller_.wait(patience(os::read_mono()));
  now_ = os::read_mono();
  os::dispatch(events, now_);
  client_->tick(now_);
  connecting_.tick(now_);
  // Output first: an acknowledgement says that the message is out of our hands.
  output_.tick(now_);
  client_->pause(output_.is_crowded());
  if (ended_) return;
  if (output_.has_ended()) done_ = true;
  check_time(now_);
  send_removals();
  finish_when_done(now_);
  client_->flush(now_);
}

std::optional<Millis> Subscriber::patience(MonoTime now) const {
  std::optional<MonoTime> next = client_->deadline();
  const auto consider = [&next](MonoTime other) {
    if (!next || other < *next) next = other;
  };
  if (end_at_) consider(*end_at_);
  if (const auto show_at = connecting_.deadline()) consider(*show_at);
  if (const auto report_at = output_.deadline()) consider(*report_at);
  if (plan_.idle && !done_) consider(heard_at_ + *plan_.idle);
  if (!next) return std::nullopt;
  return std::max(Millis(0), *next - now);
}

void Subscriber::check_time(MonoTime now) {
  if (end_at_ && now >= *end_at_) {
    end_at_.reset();
    timed_out_ = !done_;
    done_ = true;
  }
  if (plan_.idle && !done_ && now - heard_at_ >= *plan_.idle) {
    timed_out_ = plan_.count.has_value();
    done_ = true;
  }
}

void Subscriber::finish_when_done(MonoTime now) {
  if (!done_ || finishing_ || client_->unacknowledged() > 0 || !to_remove_.empty()) return;
  if (output_.is_at_work() && !output_.has_ended()) return;
  finishing_ = true;
  // As mosquitto_sub: an end from outside lets the will speak.
  const bool from_outside = signal_ != 0 || timed_out_;
  const bool has_will = plan_.messaging.client.connect.will.has_value();
  client_->finish(
      from_outside && has_will ? mqtt::Reason::disconnect_with_will : mqtt::Reason::success,
      plan_.messaging.disconnect.view(), now, signal_ != 0 ? Millis(50) : close_patience);
}

// What is still to be written when the connection is over; a signal ends the waiting.
void Subscriber::drain_output() {
  while ((output_.is_blocked() || output_.is_at_work()) && signal_ == 0) {
    os::dispatch(poller_.wait(std::nullopt), os::read_mono());
    output_.tick(os::read_mono());
  }
}

void Subscriber::SignalInput::on_poll(const os::PollEvent&, MonoTime) {
  const auto taken = owner.signals_.take();
  if (!taken) return;
  const bool again = std::exchange(owner.signal_, *taken) != 0;
  owner.done_ = true;
  owner.to_remove_.clear();
  if (again || owner.finishing_ || owner.client_->unacknowledged() > 0) owner.ended_ = true;
}

void Subscriber::on_connected(const backend::Connected& connected) {
  heard_at_ = now_;
  connecting_.erase();
  if (!connected.first && !plan_.quiet) {
    note(path_, fmt::format("connected to {} again", connected.where));
  }
  if (!connected.session_present || !subscribed_once_) subscribe();
}

void Subscriber::subscribe() {
  requests_open_ = 0;
  std::string entries;
  for (const std::string& filter : plan_.filters) {
    mqtt::append_entry(entries, mqtt::SubscribeEntry{filter, plan_.options});
  }
  if (!entries.empty() && client_->subscribe(as_bytes(entries), plan_.messaging.subscribe.view())) {
    ++requests_open_;
  }
  entries.clear();
  for (const std::string& filter : plan_.unsubscribe) mqtt::append_entry(entries, filter);
  if (!entries.empty() &&
      client_->unsubscribe(as_bytes(entries), plan_.messaging.unsubscribe.view())) {
    ++requests_open_;
  }
}

void Subscriber::on_subscribed(std::uint16_t, Bytes reasons) {
  subscribed_once_ = true;
  output_.begin_reports(now_);
  std::size_t refused = 0;
  for (std::size_t i = 0; i < reasons.size() && i < plan_.filters.size(); ++i) {
    const auto reason = static_cast<mqtt::Reason>(reasons[i]);
    if (!is_failure(reason)) continue;
    ++refused;
    Stop why{Exit::refused,
             fmt::format("subscription \"{}\" refused: {}", plan_.filters[i],
                         backend::reason_with_number(reason)),
             {}};
    if (refused == plan_.filters.size()) {
      stop_ = std::move(why);
      done_ = true;
    } else {
      note(path_, why.text);
    }
  }
  some_refused_ = some_refused_ || refused > 0;
  answered();
}

void Subscriber::on_unsubscribed(std::uint16_t, Bytes) { answered(); }

void Subscriber::answered() {
  if (--requests_open_ == 0 && plan_.exit_after_sub) done_ = true;
}

bool Subscriber::is_wanted(const mqtt::Publish& message) {
  if (plan_.percent < 100) {
    random_ ^= random_ << 13U;
    random_ ^= random_ >> 7U;
    random_ ^= random_ << 17U;
    if (static_cast<double>(random_ % 100'000) >= plan_.percent * 1'000) return false;
  }
  return std::none_of(
      plan_.filters_out.begin(), plan_.filters_out.end(),
      [&](const std::string& filter) { return mqtt::matches(filter, message.topic); });
}

bool Subscriber::on_message(const mqtt::Publish& message) {
  if (done_) return false;
  heard_at_ = now_;
  if (plan_.retained_only && !message.retain) {
    done_ = true;
    return false;
  }
  if (!is_wanted(message)) return true;
  if (plan_.payload_bytes_max && message.payload.size() > *plan_.payload_bytes_max) {
    ++too_large_;
    return true;
  }
  if (plan_.remove_retained && message.retain) remove_retained(message.topic);
  if (plan_.no_retained && message.retain) return true;
  output_.take(message);
  if (plan_.count && ++printed_ == *plan_.count) done_ = true;
  return true;
}

void Subscriber::remove_retained(std::string_view topic) {
  ++removed_;
  if (!plan_.dry_run) to_remove_.emplace_back(topic);
}

void Subscriber::send_removals() {
  while (!to_remove_.empty() && client_->has_room()) {
    const mqtt::Publish empty{
        .qos = mqtt::Qos::at_least_once, .retain = true, .topic = to_remove_.back()};
    if (const auto sent = client_->publish(empty); !sent) {
      stop_ = Stop{Exit::refused, sent.error().text, {}};
      done_ = true;
    }
    to_remove_.pop_back();
  }
}

void Subscriber::on_published(const backend::Published& published) {
  if (!is_failure(published.reason)) return;
  --removed_;
  note(path_, fmt::format("cannot remove the retained message of \"{}\": {}", published.topic,
                          backend::reason_with_number(published.reason)));
  some_refused_ = true;
}

void Subscriber::on_waiting(const Error& why, Millis delay) {
  connecting_.erase();
  if (plan_.quiet) return;
  note(path_, fmt::format("{}; trying again in {:.1f} s", why.text,
                          static_cast<double>(delay.count()) / 1000));
}

void Subscriber::on_ended(const Error* why) {
  connecting_.erase();
  ended_ = true;
  if (why != nullptr && !stop_ && !done_)
    stop_ = stop_for_connection(*why, plan_.messaging.carrier);
}

void Subscriber::on_packet(bool sent, std::string_view text) {
  note(path_, fmt::format("{} {}", sent ? "sent" : "received", text));
}

int Subscriber::conclude() {
  if (plan_.remove_retained && !plan_.quiet) {
    note(path_, fmt::format("{} {} retained messages", plan_.dry_run ? "would remove" : "removed",
                            removed_));
  }
  if (too_large_ > 0 && !plan_.quiet) {
    note(path_, fmt::format("left out {} messages that were larger than {} bytes", too_large_,
                            *plan_.payload_bytes_max));
  }
  if (stop_) return report(path_, *stop_);
  if (const auto failure = output_.failure()) return report(path_, *failure);
  const bool unmet = plan_.count && printed_ < *plan_.count && !output_.is_reader_gone();
  if (signal_ != 0) return unmet ? 128 + signal_ : 0;
  if (timed_out_) return static_cast<int>(Exit::timed_out);
  return static_cast<int>(some_refused_ ? Exit::failed : Exit::done);
}

}  // namespace mqz::commands
