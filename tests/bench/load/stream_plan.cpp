#include "tests/bench/load/stream_plan.h"

#include <fmt/core.h>

#include <array>
#include <random>
#include <string_view>

namespace mqz::bench {
namespace {

struct Shape {
  std::string_view name;
  unsigned publishers;
  unsigned subscribers;
  unsigned qos;
  unsigned payload_bytes;
  unsigned window;
  unsigned rate;
};

// README.md says what the windows and the two intervals were set by.
constexpr unsigned saturated_linger_us = 500;
constexpr unsigned fixed_rate_linger_us = 70;

constexpr std::array<Shape, 14> shapes{{
    {"one-q0", 1, 1, 0, 64, 5000, 0},
    {"one-q1", 1, 1, 1, 64, 2000, 0},
    {"one-q2", 1, 1, 2, 64, 2000, 0},
    {"one-1k", 1, 1, 0, 1024, 1000, 0},
    {"fanout", 1, 500, 0, 64, 16, 0},
    {"fanin", 200, 1, 0, 64, 12, 0},
    {"pairs-q0", 100, 100, 0, 64, 16, 0},
    {"pairs-q1", 100, 100, 1, 64, 16, 0},
    {"fixed-q0", 10, 10, 0, 64, 1000, 20'000},
    {"fixed-q1", 10, 10, 1, 64, 1000, 20'000},
    {"wildcards", 1, 100, 0, 64, 1000, 0},
    // Beside a store: what it keeps, and what it must not cost anything.
    {"store-pair", 1, 1, 1, 64, 2000, 0},
    {"store-live-q0", 1, 1, 0, 64, 5000, 0},
    {"store-live-q1", 1, 1, 1, 64, 2000, 0},
}};

void plan_fan_out(StreamPlan& plan, unsigned subscribers) {
  plan.copies = subscribers;
  plan.streams.push_back({"bench/fanout", 0});
  for (unsigned i = 0; i < subscribers; ++i) plan.subscribers.push_back({{"bench/fanout"}, i});
}

void plan_fan_in(StreamPlan& plan) {
  plan.subscribers.push_back({{"bench/fanin"}, 0});
  for (unsigned i = 0; i < plan.publishers; ++i) plan.streams.push_back({"bench/fanin", i});
}

void plan_pairs(StreamPlan& plan) {
  for (unsigned i = 0; i < plan.publishers; ++i) {
    const std::string topic = fmt::format("bench/pair/{}", i);
    plan.subscribers.push_back({{topic}, 0});
    plan.streams.push_back({topic, i});
  }
}

// Four kinds of filters over all clients; a topic matches one of the first kind, which clients of
// even number hold, and one of the second, held by the others: two deliveries to two clients.
void plan_wildcards(StreamPlan& plan, unsigned clients, unsigned filters) {
  constexpr unsigned topics = 10'000;
  const unsigned per_kind = filters / 4;
  plan.copies = 2;
  plan.counts_publishes = true;
  plan.subscribers.resize(clients);
  for (unsigned i = 0; i < clients; ++i) plan.subscribers[i].ordinal = i % 2;
  const auto holder = [&](unsigned i, unsigned parity) -> std::vector<std::string>& {
    return plan.subscribers[(2 * i + parity) % clients].filters;
  };
  for (unsigned i = 0; i < per_kind; ++i) {
    holder(i, 0).push_back(fmt::format("dev/{}/+/temp", i));
    holder(i, 1).push_back(fmt::format("dev/+/s{}/#", i));
    holder(i, 0).push_back(fmt::format("site/{}/+/u{}", i, i));
    holder(i, 1).push_back(fmt::format("+/d{}/x/#", i));
  }
  std::minstd_rand random(1);
  for (unsigned i = 0; i < topics; ++i) {
    const auto device = random() % per_kind;
    const auto sensor = random() % per_kind;
    plan.streams.push_back({fmt::format("dev/{}/s{}/temp", device, sensor), 0});
  }
}

StreamPlan make_plan(const Shape& shape, const Options& options) {
  StreamPlan plan;
  plan.name = shape.name;
  plan.qos = shape.qos;
  plan.payload_bytes = shape.payload_bytes;
  plan.publishers = shape.publishers;
  plan.rate = shape.rate;
  plan.window = options.window.value_or(shape.window);
  plan.linger_us =
      options.linger_us.value_or(shape.rate != 0 ? fixed_rate_linger_us : saturated_linger_us);
  plan.keeps_sessions = shape.name == "store-pair";
  if (shape.name == "fanout") {
    plan_fan_out(plan, shape.subscribers);
  } else if (shape.name == "fanin") {
    plan_fan_in(plan);
  } else if (shape.name == "wildcards") {
    plan_wildcards(plan, shape.subscribers, scaled(100'000, options));
  } else {
    plan_pairs(plan);
  }
  return plan;
}

}  // namespace

StreamPlan stream_plan(const Options& options) {
  for (const Shape& shape : shapes) {
    if (shape.name == options.scenario) return make_plan(shape, options);
  }
  return {};
}

std::vector<std::string> stream_scenarios() {
  std::vector<std::string> names;
  for (const Shape& shape : shapes) names.emplace_back(shape.name);
  return names;
}

}  // namespace mqz::bench
