#include "commands/sub_run.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "commands/message_json.h"
#include "lib/backend/failure.h"
#include "lib/mqtt/encode.h"
#include "lib/mqtt/topic.h"
#include "lib/os/clock.h"
#include "lib/os/errno_text.h"
#include "lib/os/random.h"

namespace mqz::commands {
namespace {

constexpr Millis close_patience{1'000};
constexpr std::size_t output_bytes_max = 1U << 20U;  // above it, reading pauses

std::timespec wall_clock() {
  std::timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now;
}

}  // namespace

Subscriber::Subscriber(const SubPlan& plan, std::string path, os::Poller& poller,
                       os::Signals& signals)
    : plan_(plan),
      path_(std::move(path)),
      poller_(poller),
      signals_(signals),
      sink_(poller),
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
  auto client = make_client(plan_.messaging, poller_, *this);
  if (!client) return report(path_, stop_for(client.error()));
  client_ = std::move(*client);
  client_->start(now_);
  while (!ended_) turn();
  drain_output();
  return conclude();
}

void Subscriber::turn() {
  const auto events = poller_.wait(patience(os::read_mono()));
  now_ = os::read_mono();
  os::dispatch(events, now_);
  client_->tick(now_);
  // Output first: an acknowledgement says that the message is out of our hands.
  sink_.write();
  client_->pause(sink_.is_blocked() && sink_.buffer().size() > output_bytes_max);
  if (ended_) return;
  if (sink_.has_failed()) done_ = true;
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
  sink_.write();
  while (sink_.is_blocked() && !sink_.has_failed() && signal_ == 0) {
    os::dispatch(poller_.wait(std::nullopt), os::read_mono());
    sink_.write();
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
  if (plan_.remove_retained && message.retain) remove_retained(message.topic);
  if (plan_.no_retained && message.retain) return true;
  print(message);
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

void Subscriber::print(const mqtt::Publish& message) {
  std::string& out = sink_.buffer();
  if (plan_.topic_to_stderr) say(fmt::format("{}\n", message.topic));
  switch (plan_.form) {
    case SubPlan::Form::json:
      append_json(out, {message, wall_clock()}, JsonForm::full, plan_.pretty);
      break;
    case SubPlan::Form::format: {
      const Received received{message, plan_.format->uses_time() ? wall_clock() : std::timespec{}};
      if (!plan_.format->append(out, received)) {
        return note(path_, fmt::format("the payload on topic \"{}\" is not JSON", message.topic));
      }
      break;
    }
    case SubPlan::Form::payload:
      // As mosquitto_sub: of an empty message there is nothing to print, not even a line.
      if (message.payload.empty()) return;
      out.append(as_text(message.payload));
      break;
    case SubPlan::Form::verbose:
      out.append(message.topic).push_back(' ');
      out.append(message.payload.empty() ? "(null)" : as_text(message.payload));
      break;
    case SubPlan::Form::hex:
    case SubPlan::Form::base64: print_payload(message); break;
  }
  out.append(plan_.separator);
}

void Subscriber::print_payload(const mqtt::Publish& message) {
  static const auto hex = MessageFormat::parse("%x");
  static const auto base64 = MessageFormat::parse("%b");
  const auto& format = plan_.form == SubPlan::Form::hex ? hex : base64;
  format->append(sink_.buffer(), {message, {}});
}

void Subscriber::on_waiting(const Error& why, Millis delay) {
  if (plan_.quiet) return;
  note(path_, fmt::format("{}; trying again in {:.1f} s", why.text,
                          static_cast<double>(delay.count()) / 1000));
}

void Subscriber::on_ended(const Error* why) {
  ended_ = true;
  if (why != nullptr && !stop_ && !done_) stop_ = stop_for_connection(*why);
}

void Subscriber::on_packet(bool sent, std::string_view text) {
  note(path_, fmt::format("{} {}", sent ? "sent" : "received", text));
}

int Subscriber::conclude() {
  if (plan_.remove_retained && !plan_.quiet) {
    note(path_, fmt::format("{} {} retained messages", plan_.dry_run ? "would remove" : "removed",
                            removed_));
  }
  if (stop_) return report(path_, *stop_);
  if (sink_.has_failed() && !sink_.is_closed()) {
    return report(
        path_,
        {Exit::io, fmt::format("cannot write to stdout: {}", os::errno_text(sink_.error())), {}});
  }
  const bool unmet = plan_.count && printed_ < *plan_.count && !sink_.is_closed();
  if (signal_ != 0) return unmet ? 128 + signal_ : 0;
  if (timed_out_) return static_cast<int>(Exit::timed_out);
  return static_cast<int>(some_refused_ ? Exit::failed : Exit::done);
}

}  // namespace mqz::commands
