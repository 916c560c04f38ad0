// Runs a command some times with its output thrown away and prints the median wall time, CPU time
// and peak memory of a run. Small itself, because a child's peak never reads lower than its
// parent's size at the start.
//
//   mqz_time [--runs N] [--stdin FILE] COMMAND [ARGUMENT...]
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "tests/bench/host.h"

namespace mqz::bench {
namespace {

struct Arguments {
  unsigned runs = 1;
  const char* input = "/dev/null";
  char** command = nullptr;
};

struct Run {
  double seconds = 0;
  double cpu_seconds = 0;
  long peak_kib = 0;
  bool succeeded = false;
};

Arguments read_arguments(int argc, char** argv) {
  Arguments arguments;
  int i = 1;
  for (; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--runs") {
      arguments.runs = static_cast<unsigned>(std::max(1, std::atoi(argv[i + 1])));
    } else if (name == "--stdin") {
      arguments.input = argv[i + 1];
    } else {
      break;
    }
  }
  if (i >= argc) die("usage: mqz_time [--runs N] [--stdin FILE] COMMAND [ARGUMENT...]");
  arguments.command = argv + i;
  return arguments;
}

double seconds_of(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

Run run_once(const Arguments& arguments) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, arguments.input, O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const std::uint64_t begin = now_ns();
  if (posix_spawnp(&pid, arguments.command[0], &actions, nullptr, arguments.command, environ) !=
      0) {
    die_errno(arguments.command[0]);
  }
  int status = 0;
  rusage usage{};
  wait4(pid, &status, 0, &usage);
  const std::uint64_t end = now_ns();
  posix_spawn_file_actions_destroy(&actions);
  return {static_cast<double>(end - begin) / 1e9,
          seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime), usage.ru_maxrss,
          WIFEXITED(status) && WEXITSTATUS(status) == 0};
}

template <typename T>
T median(const std::vector<Run>& runs, T Run::*member) {
  std::vector<T> values;
  for (const Run& run : runs) values.push_back(run.*member);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

}  // namespace
}  // namespace mqz::bench

int main(int argc, char** argv) {
  using mqz::bench::Run;
  const mqz::bench::Arguments arguments = mqz::bench::read_arguments(argc, argv);
  std::vector<Run> runs;
  for (unsigned i = 0; i < arguments.runs; ++i) runs.push_back(mqz::bench::run_once(arguments));
  const bool succeeded =
      std::all_of(runs.begin(), runs.end(), [](const Run& run) { return run.succeeded; });
  std::printf("{\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"peak_kib\":%ld,\"succeeded\":%s}\n",
              median(runs, &Run::seconds), median(runs, &Run::cpu_seconds),
              median(runs, &Run::peak_kib), succeeded ? "true" : "false");
}
