#include "tests/bench/load/result.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

namespace mqz::bench {
namespace {

double difference(std::uint64_t end, std::uint64_t begin) {
  return static_cast<double>(end) - static_cast<double>(begin);
}

std::uint32_t percentile(const std::vector<std::uint32_t>& sorted, std::size_t percent) {
  return sorted[(sorted.size() - 1) * percent / 100];
}

std::string rates(const Result& r) {
  const double seconds = difference(r.end.ns, r.begin.ns) / 1e9;
  const double count = difference(r.end.count, r.begin.count);
  const double cpu_us = difference(r.end.broker_cpu_ns, r.begin.broker_cpu_ns) / 1e3;
  const double own_share = difference(r.end.own_cpu_ns, r.begin.own_cpu_ns) / 1e9 / seconds;
  return fmt::format(R"("count":{:.0f},"seconds":{:.3f},"per_second":{:.0f},"cpu_us":{:.4f},)"
                     R"("cpu_percent":{:.1f},"generator_percent":{:.1f})",
                     count, seconds, count / seconds, count > 0 ? cpu_us / count : 0,
                     cpu_us / seconds / 1e4, own_share * 100);
}

std::string latency(Result& r) {
  if (r.latencies_us.empty()) return {};
  std::sort(r.latencies_us.begin(), r.latencies_us.end());
  return fmt::format(R"(,"p50_us":{},"p99_us":{})", percentile(r.latencies_us, 50),
                     percentile(r.latencies_us, 99));
}

std::string memory(const Result& r) {
  if (r.objects == 0 || r.memory_after.rss_bytes == 0) return {};
  const double grown = difference(r.memory_after.rss_bytes, r.memory_before.rss_bytes);
  return fmt::format(
      R"(,"rss_before_kib":{},"rss_after_kib":{},"rss_peak_kib":{},"bytes_each":{:.0f})",
      r.memory_before.rss_bytes / 1024, r.memory_after.rss_bytes / 1024,
      r.memory_after.peak_bytes / 1024, grown / static_cast<double>(r.objects));
}

}  // namespace

Sample take_sample(const Options& options, std::uint64_t count) {
  return {now_ns(), cpu_ns(options.pid), own_cpu_ns(), count};
}

bool is_clean(const Result& r) {
  return r.faults.lost + r.faults.reordered + r.faults.duplicated + r.faults.foreign +
             r.disordered_acks ==
         0;
}

void print(Result r) {
  const std::string tail = latency(r) + memory(r);
  fmt::print(R"({{"scenario":"{}","unit":"{}",{}{},"lost":{},"reordered":{},"duplicated":{},)"
             R"("foreign":{},"disordered_acks":{},"clean":{}}})"
             "\n",
             r.scenario, r.unit, rates(r), tail, r.faults.lost, r.faults.reordered,
             r.faults.duplicated, r.faults.foreign, r.disordered_acks, is_clean(r));
  std::fflush(stdout);
}

}  // namespace mqz::bench
