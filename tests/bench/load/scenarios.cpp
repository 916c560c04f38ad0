#include "tests/bench/load/scenarios.h"

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

}  // namespace

std::vector<std::string> scenario_names() { return stream_scenarios(); }

std::vector<Result> run_scenario(const Options& options) {
  const StreamPlan plan = stream_plan(options);
  if (!plan.name.empty()) return run_stream(plan, options);
  return {};
}

}  // namespace mqz::bench
