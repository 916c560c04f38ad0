// What a broker keeps: retained messages, and the queue of a session whose client is away; and a
// feed for somebody else's subscriber.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/load/client.h"
#include "tests/bench/load/result.h"

namespace mqz::bench {

// Stores scaled(1 000 000) retained messages at QoS 1 under as many topics, then lets one client
// subscribe to all of them.
std::vector<Result> run_retained(const Options& options);

// Publishes scaled(100 000) messages at QoS 1 for a session that is away, then lets it return.
std::vector<Result> run_queued(const Options& options);

// The same with scaled(1 000 000) messages and nothing but their speed: that of a store.
std::vector<Result> run_store_queue(const Options& options);

// A client that subscribed to queue_topic at QoS 1, and went: its session stays.
inline constexpr std::string_view queue_topic = "bench/queue";
void leave_a_session(const Options& options);

// Publishes lines of 64 dots to bench/feed at QoS 0 as fast as they are taken; nothing is checked.
std::vector<Result> run_feed(const Options& options);

}  // namespace mqz::bench
