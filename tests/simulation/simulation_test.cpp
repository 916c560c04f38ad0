// Many runs, each with a seed of its own. What fails says the one command that repeats it.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

#include "tests/simulation/run.h"

using namespace mqz::simulation;

namespace {

struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t last = 0;
};

// MQZ_SEEDS=5000 means the seeds up to 5000, MQZ_SEEDS=17-17 this one, with a trace of its run.
Seeds seeds_or(std::uint64_t last) {
  const char* text = std::getenv("MQZ_SEEDS");
  if (text == nullptr) return {1, last};
  char* end = nullptr;
  const std::uint64_t number = std::strtoull(text, &end, 10);
  return *end == '-' ? Seeds{number, std::strtoull(end + 1, nullptr, 10)} : Seeds{1, number};
}

// The seeds with this remainder by four: of one kind of world.
void simulate(std::uint64_t kind, const Seeds& seeds) {
  for (std::uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
    if (seed % 4 != kind) continue;
    RunForm form = form_of(seed);
    form.with_trace = seeds.first == seeds.last;
    const RunResult result = run(seed, form);
    INFO(result.trace << "seed " << seed << "; to repeat it with a trace: MQZ_SEEDS=" << seed << "-"
                      << seed << " mqz_tests '[simulation]'");
    CHECK(result.complaints == "");
  }
}

constexpr std::uint64_t usual_seeds = 400;
constexpr std::uint64_t many_seeds = 10'000;

}  // namespace

TEST_CASE("clients of one shard get what is promised under any faults", "[simulation]") {
  simulate(0, seeds_or(usual_seeds));
}

TEST_CASE("clients of several shards get what is promised under any faults", "[simulation]") {
  simulate(1, seeds_or(usual_seeds));
}

TEST_CASE("clients of one shard with late commits get what is promised under any faults",
          "[simulation]") {
  simulate(2, seeds_or(usual_seeds));
}

TEST_CASE("clients of several shards with late commits get what is promised under any faults",
          "[simulation]") {
  simulate(3, seeds_or(usual_seeds));
}

TEST_CASE("clients get what is promised under any faults, with many seeds", "[simulation][.long]") {
  for (std::uint64_t kind = 0; kind < 4; ++kind) simulate(kind, seeds_or(many_seeds));
}
