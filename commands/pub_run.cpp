#include "commands/pub_run.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <utility>

#include "lib/backend/failure.h"
#include "lib/mqtt/encode.h"
#include "lib/os/clock.h"

namespace mqz::commands {
namespace {

constexpr Millis close_patience{1'000};
constexpr Millis echo_patience{5'000};
constexpr int messages_per_turn = 10'000;  // so that signals are seen whatever the input is

}  // namespace

Publisher::Publisher(const PubPlan& plan, std::string path, os::Poller& poller,
                     os::Signals& signals)
    : plan_(plan),
      path_(std::move(path)),
      poller_(poller),
      signals_(signals),
      source_(plan),
      connecting_(path_, plan.messaging, plan.quiet) {}

Publisher::~Publisher() {
  stop_watching_input();
  poller_.remove(signals_.fd());
}

int Publisher::run() {
  started_ = progress_at_ = os::read_mono();
  if (auto added = poller_.add(signals_.fd(), os::Interest::read,
                               static_cast<os::PollTarget*>(&signal_input_));
      !added) {
    return report(path_, stop_for(added.error()));
  }
  if (plan_.wait_timeout && plan_.wait) answer_deadline_ = started_ + *plan_.wait_timeout;
  auto client = make_client(plan_.messaging, poller_, *this);
  if (!client) return report(path_, stop_for(client.error()));
  client_ = std::move(*client);
  connecting_.begin(started_);
  client_->start(started_);
  while (!ended_) turn();
  return conclude();
}

void Publisher::turn() {
  const auto events = poller_.wait(patience(os::read_mono()));
  const MonoTime now = os::read_mono();
  os::dispatch(events, now);
  client_->tick(now);
  connecting_.tick(now);
  if (!ended_) check_time(now);
  if (!ended_) pump(now);
  if (!ended_) finish_when_done(now);
  if (!ended_) client_->flush(now);
}

std::optional<Millis> Publisher::patience(MonoTime now) const {
  if (can_go_on()) return Millis(0);
  std::optional<MonoTime> next = client_->deadline();
  const auto consider = [&next](const std::optional<MonoTime>& other) {
    if (other && (!next || *other < *next)) next = other;
  };
  consider(connecting_.deadline());
  consider(paced_until_);
  consider(answer_deadline_);
  consider(verify_deadline());
  if (plan_.ack_timeout.count() > 0 && client_->unacknowledged() > 0) {
    consider(progress_at_ + plan_.ack_timeout);
  }
  if (!next) return std::nullopt;
  return std::max(Millis(0), *next - now);
}

bool Publisher::can_go_on() const {
  const bool waits_for_ack =
      plan_.input == PubPlan::Input::terminal && client_->unacknowledged() > 0;
  return client_->has_room() && !finishing_ && !source_done_ && !starved_ && !paced_until_ &&
         !waits_for_ack && (!(plan_.wait || plan_.verify) || may_send_request_) &&
         !(plan_.verify && echoes_.is_full());
}

void Publisher::pump(MonoTime now) {
  if (paced_until_ && now >= *paced_until_) paced_until_.reset();
  for (int i = 0; i < messages_per_turn && can_go_on(); ++i) {
    if (!next_topic_ && !take_next()) return;
    publish_to_next_topic(now);
  }
}

// False when nothing is there now, or nothing will come any more.
bool Publisher::take_next() {
  while (true) {
    switch (source_.next()) {
      case PubSource::Next::message:
        next_topic_ = 0;
        ++taken_;
        return true;
      case PubSource::Next::end:
        // Ctrl-D leaves the cursor behind the prompt.
        if (plan_.input == PubPlan::Input::terminal && source_.is_exhausted()) {
          say("\n");
          prompted_ = false;
        }
        source_done_ = true;
        return false;
      case PubSource::Next::bad:
        stop_ = source_.complaint();
        source_done_ = true;
        return false;
      case PubSource::Next::starved:
        prompt();
        if (!source_.reader().is_ready()) {
          watch_input();
          return false;
        }
        // Ctrl-D in a line gives what is typed so far: the line goes on.
        if (source_.fill()) {
          prompted_ = source_.reader().has_partial_line();
          continue;
        }
        stop_ = source_.complaint();
        source_done_ = true;
        return false;
    }
  }
}

void Publisher::publish_to_next_topic(MonoTime now) {
  mqtt::Publish message = source_.message();
  if (message.topic.empty()) {
    if (!plan_.topic_note.empty() && !std::exchange(topic_told_, true))
      note(path_, plan_.topic_note);
    message.topic = plan_.topics[*next_topic_];
    if (++*next_topic_ == plan_.topics.size()) next_topic_.reset();
  } else {
    next_topic_.reset();
  }
  if (client_->unacknowledged() == 0) progress_at_ = now;
  const auto number = client_->publish(message);
  ++sent_;
  const bool is_answered = message.qos != mqtt::Qos::at_most_once ||
                           plan_.messaging.carrier == Messaging::Carrier::redis;
  if (is_answered) ++owed_;
  if (!number) reject(number.error().text, false);
  if (number && plan_.verify) echoes_.expect(message, now);
  if (!next_topic_) pace(now);
}

void Publisher::pace(MonoTime now) {
  if (plan_.repeat_delay.count() > 0) paced_until_ = now + plan_.repeat_delay;
  if (plan_.rate == 0) return;
  const auto due = started_ + Millis(taken_ * 1000 / static_cast<std::uint64_t>(plan_.rate));
  if (due > now) paced_until_ = due;
}

void Publisher::prompt() {
  if (plan_.input != PubPlan::Input::terminal || prompted_) return;
  prompted_ = true;
  say("> ");
}

void Publisher::watch_input() {
  starved_ = true;
  if (input_watched_) return;
  input_watched_ = true;
  // What cannot be waited for, such as a file, never lets its reader wait.
  if (!poller_.add(source_.reader().fd(), os::Interest::read,
                   static_cast<os::PollTarget*>(&input_))) {
    starved_ = input_watched_ = false;
  }
}

void Publisher::stop_watching_input() {
  if (std::exchange(input_watched_, false)) poller_.remove(source_.reader().fd());
}

void Publisher::Input::on_poll(const os::PollEvent&, MonoTime) {
  owner.starved_ = false;
  owner.stop_watching_input();
}

void Publisher::SignalInput::on_poll(const os::PollEvent&, MonoTime now) {
  const auto taken = owner.signals_.take();
  if (!taken) return;
  owner.signal_ = *taken;
  owner.connecting_.erase();
  owner.client_->finish(mqtt::Reason::success, {}, now, Millis(0));
  owner.client_->flush(now);
  owner.ended_ = true;
}

void Publisher::check_time(MonoTime now) {
  if (answer_deadline_ && now >= *answer_deadline_ && !answered_) {
    answer_deadline_.reset();
    stop_ =
        Stop{Exit::timed_out, fmt::format("no answer on '{}' in time", plan_.response_topic), {}};
    source_done_ = answered_ = true;
  }
  if (const auto due = verify_deadline(); due && now >= *due) {
    gave_up_echoes_ = source_done_ = true;
    next_topic_.reset();
  }
  if (plan_.ack_timeout.count() > 0 && client_->unacknowledged() > 0 &&
      now - progress_at_ >= plan_.ack_timeout) {
    stop_ = Stop{Exit::unreachable,
                 fmt::format("nothing was acknowledged for {} s",
                             static_cast<double>(plan_.ack_timeout.count()) / 1000),
                 "--ack-timeout sets how long to wait"};
    client_->finish(mqtt::Reason::success, {}, now, Millis(0));
    client_->flush(now);
    ended_ = true;
  }
}

// So long what has not come back is waited for, when nothing else is to be done.
std::optional<MonoTime> Publisher::verify_deadline() const {
  const bool waits = plan_.verify && up_ && !gave_up_echoes_ && echoes_.missing() > 0 &&
                     (source_done_ || echoes_.is_full());
  if (!waits) return std::nullopt;
  return echoes_.progress_at() + plan_.wait_timeout.value_or(echo_patience);
}

void Publisher::finish_when_done(MonoTime now) {
  if (finishing_ || !source_done_ || next_topic_ || client_->unacknowledged() > 0) return;
  if (plan_.wait && !answered_) return;
  if (plan_.verify && echoes_.missing() > 0 && !gave_up_echoes_) return;
  if (!up_) return;
  finishing_ = true;
  client_->finish(mqtt::Reason::success, plan_.messaging.disconnect.view(), now, close_patience);
}

void Publisher::on_connected(const backend::Connected& connected) {
  up_ = true;
  connecting_.erase();
  progress_at_ = os::read_mono();
  if (connected.first && plan_.input == PubPlan::Input::terminal) {
    say(fmt::format("connected to {}, topic {}. A line is a message; an empty line ends.\n",
                    connected.where, fmt::join(plan_.topics, ", ")));
  } else if (!connected.first && !plan_.quiet) {
    note(path_, fmt::format("connected to {} again", connected.where));
  }
  if (plan_.wait || plan_.verify) subscribe();
}

void Publisher::subscribe() {
  std::string entries;
  const auto add = [&](const std::string& topic) {
    mqtt::append_entry(entries, mqtt::SubscribeEntry{topic, {.qos = plan_.qos}});
  };
  if (plan_.wait) add(plan_.response_topic);
  if (plan_.verify) std::for_each(plan_.topics.begin(), plan_.topics.end(), add);
  [[maybe_unused]] const auto request =
      client_->subscribe(as_bytes(entries), plan_.messaging.subscribe.view());
}

void Publisher::on_subscribed(std::uint16_t, Bytes reasons) {
  const auto refused = std::find_if(reasons.begin(), reasons.end(), [](std::byte each) {
    return is_failure(static_cast<mqtt::Reason>(each));
  });
  if (refused == reasons.end()) {
    may_send_request_ = true;
    return;
  }
  const auto reason = static_cast<mqtt::Reason>(*refused);
  const auto index = static_cast<std::size_t>(refused - reasons.begin());
  const std::string& topic = plan_.wait ? plan_.response_topic : plan_.topics[index];
  stop_ = Stop{
      Exit::refused,
      fmt::format("subscription \"{}\" refused: {}", topic, backend::reason_with_number(reason)),
      {}};
  source_done_ = answered_ = true;
}

bool Publisher::on_message(const mqtt::Publish& message) {
  if (plan_.verify) echoes_.arrived(message, os::read_mono());
  if (!plan_.wait || answered_ || message.topic != plan_.response_topic) return true;
  const auto correlation = message.properties.text(mqtt::PropertyId::correlation_data);
  if (correlation && *correlation != plan_.correlation) return true;
  answered_ = true;
  answer_deadline_.reset();
  const std::string_view payload = as_text(message.payload);
  const bool printed = std::fwrite(payload.data(), 1, payload.size(), stdout) == payload.size() &&
                       std::fputc('\n', stdout) != EOF && std::fflush(stdout) == 0;
  if (!printed) stop_ = Stop{Exit::io, "cannot write the answer to stdout", {}};
  return true;
}

void Publisher::on_published(const backend::Published& published) {
  progress_at_ = os::read_mono();
  if (!is_failure(published.reason)) {
    ++acked_;
    return;
  }
  reject(fmt::format("topic \"{}\": {}{}{}", published.topic,
                     backend::reason_with_number(published.reason),
                     published.why.empty() ? "" : ": ", published.why),
         published.reason == mqtt::Reason::not_authorized);
}

void Publisher::reject(std::string text, bool denied) {
  if (rejected_++ == 0) first_rejection_ = std::move(text);
  all_denied_ = all_denied_ && denied;
  if (plan_.input == PubPlan::Input::terminal) note(path_, first_rejection_);
}

void Publisher::on_waiting(const Error& why, Millis delay) {
  up_ = may_send_request_ = false;
  connecting_.erase();
  if (plan_.quiet) return;
  note(path_, fmt::format("{}; trying again in {:.1f} s", why.text,
                          static_cast<double>(delay.count()) / 1000));
}

void Publisher::on_ended(const Error* why) {
  connecting_.erase();
  ended_ = true;
  if (why != nullptr && !stop_) stop_ = stop_for_connection(*why, plan_.messaging.carrier);
}

void Publisher::on_packet(bool sent, std::string_view text) {
  note(path_, fmt::format("{} {}", sent ? "sent" : "received", text));
}

}  // namespace mqz::commands
