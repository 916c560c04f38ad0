// The $SYS topics: the front gathers what all shards count and publishes what has changed. They are
// the broker's own retained messages; they take no place in the sequence, and a restart makes them
// anew.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "lib/base/time.h"
#include "lib/broker/counters.h"
#include "lib/broker/mail.h"

namespace mqz::broker {

class Shard;

class ShardSys {
 public:
  // Part of the shard, and used by it.
  explicit ShardSys(Shard& shard) : shard_(shard) {}

  // The uptime begins.
  void start();
  void on_timer();
  void on_counters(const CountersMail& mail);

 private:
  void publish_all();
  void publish(std::string_view topic, std::string_view text, bool retain);

  Shard& shard_;
  MonoTime started_{};
  Counters gathered_{};  // while the others answer
  std::size_t awaited_ = 0;
  std::uint64_t round_ = 0;
  std::uint64_t clients_maximum_ = 0;
  std::unordered_map<std::string, std::string> told_{};  // by topic
};

}  // namespace mqz::broker
