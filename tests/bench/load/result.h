// One line of JSON per measurement.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/host.h"
#include "tests/bench/load/options.h"
#include "tests/bench/load/order_check.h"

namespace mqz::bench {

// The state of things at one moment; a measurement is the difference of two.
struct Sample {
  std::uint64_t ns = 0;
  std::uint64_t broker_cpu_ns = 0;
  std::uint64_t own_cpu_ns = 0;
  std::uint64_t count = 0;  // of what is measured
};
Sample take_sample(const Options& options, std::uint64_t count);

struct Result {
  std::string scenario;
  const char* unit = "delivery";  // what is counted
  Sample begin;
  Sample end;
  std::vector<std::uint32_t> latencies_us;
  Memory memory_before;
  Memory memory_after;
  std::uint64_t objects = 0;  // that the memory between before and after is for; 0: not measured
  OrderFaults faults;
  std::uint64_t disordered_acks = 0;
};

bool is_clean(const Result& result);
void print(Result result);

}  // namespace mqz::bench
