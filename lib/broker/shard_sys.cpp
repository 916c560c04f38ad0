// The $SYS topics: the front gathers what all shards count and publishes what has changed. They are
// the broker's own retained messages; they take no place in the sequence, and a restart makes them
// anew.
#include <fmt/format.h>

#include <bit>

#include "lib/broker/shard.h"
#include "lib/broker/sys_topics.h"

namespace mqz::broker {

Counters Shard::counters() const {
  Counters now = counters_;
  now.connections = connections_.size();
  now.sessions = sessions_.size();
  now.subscriptions = subscriptions_.size();
  now.shared_subscriptions = groups_.size();
  now.retained = retained_.size();
  now.retained_bytes = retained_.message_bytes();
  return now;
}

void Shard::on_sys_timer() {
  timers_.add({now_.mono + std::chrono::seconds(options_.sys_interval_s), {}, TimerKind::sys});
  gathered_ = counters();
  counters_awaited_ = static_cast<std::size_t>(std::popcount(active_)) - 1;
  if (counters_awaited_ == 0) return publish_sys();
  send_mail_to_others(CountersAskMail{++counters_round_});
}

void Shard::on_counters(const CountersMail& mail) {
  if (mail.round != counters_round_) return;  // of a shard that was slower than the interval
  gathered_ += mail.counters;
  if (--counters_awaited_ == 0) publish_sys();
}

void Shard::publish_sys() {
  clients_maximum_ = std::max(clients_maximum_, gathered_.connections);
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(now_.mono - started_);
  for (SysTopic& one : sys_topics(gathered_, options_.version, options_.durability,
                                  static_cast<std::uint64_t>(uptime.count()), clients_maximum_)) {
    std::string& told = sys_told_[std::string(one.topic)];
    if (told == one.text) continue;
    publish_own(one.topic, one.text, true);
    told = std::move(one.text);
  }
  if (options_.log == nullptr) return;
  for (const EventLog::TopicLine& line : options_.log->take_topic_lines()) {
    publish_own(fmt::format("$SYS/broker/log/{}", line.letter), line.text, false);
  }
}

void Shard::publish_own(std::string_view topic, std::string_view text, bool retain) {
  Routed message(MessageRef::make(topic, {}, as_bytes(text), mqtt::Qos::at_most_once, retain,
                                  MonoTime::max()));
  const Route& route = routes_.find(topic, nullptr);
  feed_live(message, route, false);
  for (ShardIndex to = 0; to < options_.count && route.elsewhere != 0; ++to) {
    if (to != options_.index && ((route.elsewhere >> to) & 1U) != 0)
      send_mail(to, RouteMail{message.block()});
  }
  if (retain) set_retained(message.block());
}

}  // namespace mqz::broker
