#include "tests/bench/load/scenarios.h"

#include <algorithm>
#include <array>

#include "tests/bench/load/connect_run.h"
#include "tests/bench/load/group_run.h"
#include "tests/bench/load/store_run.h"
#include "tests/bench/load/stream_plan.h"
#include "tests/bench/load/stream_run.h"

namespace mqz::bench {
namespace {

std::vector<Result> run_stream(const StreamPlan& plan, const Options& options) {
  StreamRun run(plan, options);
  std::vector<Result> results{run.subscribe()};
  if (plan.name != "wildcards") results.clear();
  results.push_back(run.stream());
  return results;
}

constexpr std::array<ConnectPlan, 3> connect_plans{{
    {"connect", false, false},
    {"connect-sub", true, false},
    {"churn", true, true},
}};

// As many as are asked for and as a descriptor limit of its own lets the broker keep open.
std::vector<Result> run_connect(const ConnectPlan& plan, const Options& options) {
  constexpr std::size_t reserve = 100;
  const std::size_t descriptors = raise_descriptor_limit() - reserve;
  ConnectRun run(plan, options);
  if (plan.leaves) return {run.churn()};
  const std::size_t clients = std::min<std::size_t>(scaled(10'000, options), descriptors);
  return {run.hold(static_cast<unsigned>(clients))};
}

}  // namespace

std::vector<std::string> scenario_names() {
  std::vector<std::string> names = stream_scenarios();
  for (const ConnectPlan& plan : connect_plans) names.emplace_back(plan.name);
  names.insert(names.end(), {"retained", "queued", "store-queue", "store-group", "feed"});
  return names;
}

std::vector<Result> run_scenario(const Options& options) {
  const StreamPlan plan = stream_plan(options);
  if (!plan.name.empty()) return run_stream(plan, options);
  for (const ConnectPlan& connect : connect_plans) {
    if (options.scenario == connect.name) return run_connect(connect, options);
  }
  if (options.scenario == "retained") return run_retained(options);
  if (options.scenario == "queued") return run_queued(options);
  if (options.scenario == "store-queue") return run_store_queue(options);
  if (options.scenario == "store-group") return {GroupRun(options).run()};
  if (options.scenario == "feed") return run_feed(options);
  return {};
}

}  // namespace mqz::bench
