#include "lib/broker/shard_sys.h"

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

void ShardSys::start() {
  started_ = shard_.now_.mono;
  if (shard_.is_front() && shard_.options_.sys_interval_s != 0) on_timer();
}

void ShardSys::on_timer() {
  const MonoTime next = shard_.now_.mono + std::chrono::seconds(shard_.options_.sys_interval_s);
  shard_.timers_.add({next, {}, TimerKind::sys});
  gathered_ = shard_.counters();
  awaited_ = static_cast<std::size_t>(std::popcount(shard_.active_)) - 1;
  if (awaited_ == 0) return publish_all();
  shard_.send_mail_to_others(CountersAskMail{++round_});
}

void ShardSys::on_counters(const CountersMail& mail) {
  if (mail.round != round_) return;  // of a shard that was slower than the interval
  gathered_ += mail.counters;
  if (--awaited_ == 0) publish_all();
}

void ShardSys::publish_all() {
  clients_maximum_ = std::max(clients_maximum_, gathered_.connections);
  const Shard::Options& options = shard_.options_;
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(shard_.now_.mono - started_);
  for (SysTopic& one : sys_topics(gathered_, options.version, options.durability,
                                  static_cast<std::uint64_t>(uptime.count()), clients_maximum_)) {
    std::string& told = told_[std::string(one.topic)];
    if (told == one.text) continue;
    publish(one.topic, one.text, true);
    told = std::move(one.text);
  }
  if (options.log == nullptr) return;
  for (const EventLog::TopicLine& line : options.log->take_topic_lines()) {
    publish(fmt::format("$SYS/broker/log/{}", line.letter), line.text, false);
  }
}

void ShardSys::publish(std::string_view topic, std::string_view text, bool retain) {
  Routed message(MessageRef::make(topic, {}, as_bytes(text), mqtt::Qos::at_most_once, retain,
                                  MonoTime::max()));
  const Route& route = shard_.routes_.find(topic, nullptr);
  shard_.feed_live(message, route, false);
  for (ShardIndex to = 0; to < shard_.options_.count && route.elsewhere != 0; ++to) {
    if (to != shard_.options_.index && ((route.elsewhere >> to) & 1U) != 0)
      shard_.send_mail(to, RouteMail{message.block()});
  }
  if (retain) shard_.set_retained(message.block());
}

}  // namespace mqz::broker
