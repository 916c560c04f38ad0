// The command line of the load generator; README.md describes it.
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "tests/bench/load/options.h"
#include "tests/bench/load/result.h"
#include "tests/bench/load/scenarios.h"

namespace mqz::bench {
namespace {

constexpr std::string_view usage =
    "usage: mqz_load --scenario NAME [--host 127.0.0.1] [--port 1883] [--pid BROKER]\n"
    "                [--seconds 4] [--warm-up 0.5] [--scale 1] [--window N] [--linger-us N] "
    "[--v5]\n"
    "       mqz_load --list\n";

[[noreturn]] void refuse(std::string_view why) {
  fmt::print(stderr, "mqz_load: {}\n{}", why, usage);
  std::exit(2);
}

double number(std::string_view name, const char* text) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != '\0' || value < 0)
    refuse(fmt::format("{} {}: not a number", name, text));
  return value;
}

void set(Options& options, std::string_view name, const char* value) {
  if (name == "--host") {
    options.address.host = value;
  } else if (name == "--port") {
    options.address.port = static_cast<std::uint16_t>(number(name, value));
  } else if (name == "--pid") {
    options.pid = static_cast<pid_t>(number(name, value));
  } else if (name == "--scenario") {
    options.scenario = value;
  } else if (name == "--seconds") {
    options.seconds = number(name, value);
  } else if (name == "--warm-up") {
    options.warm_up_seconds = number(name, value);
  } else if (name == "--scale") {
    options.scale = number(name, value);
  } else if (name == "--window") {
    options.window = static_cast<unsigned>(number(name, value));
  } else if (name == "--linger-us") {
    options.linger_us = static_cast<unsigned>(number(name, value));
  } else {
    refuse(fmt::format("unknown option {}", name));
  }
}

Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--list") {
      for (const std::string& scenario : scenario_names()) fmt::print("{}\n", scenario);
      std::exit(0);
    } else if (name == "--v5") {
      options.v5 = true;
    } else if (i + 1 == argc) {
      refuse(fmt::format("{}: a value is missing, or it is unknown", name));
    } else {
      set(options, name, argv[++i]);
    }
  }
  return options;
}

int run(const Options& options) {
  raise_descriptor_limit();
  precise_timers();
  const std::vector<Result> results = run_scenario(options);
  if (results.empty()) refuse(fmt::format("unknown scenario '{}'", options.scenario));
  bool clean = true;
  for (const Result& result : results) {
    print(result);
    clean = clean && is_clean(result);
  }
  return clean ? 0 : 1;
}

}  // namespace
}  // namespace mqz::bench

int main(int argc, char** argv) { return mqz::bench::run(mqz::bench::read_options(argc, argv)); }
