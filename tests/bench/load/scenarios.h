// Every scenario by its name.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/load/options.h"
#include "tests/bench/load/result.h"

namespace mqz::bench {

std::vector<std::string> scenario_names();

// One or more measurements; none for an unknown name.
std::vector<Result> run_scenario(const Options& options);

}  // namespace mqz::bench
