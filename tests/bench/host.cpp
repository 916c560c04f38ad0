#include "tests/bench/host.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>

namespace mqz::bench {
namespace {

std::uint64_t to_ns(const timespec& t) {
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(t.tv_nsec);
}

sockaddr_in to_sockaddr(const Address& address) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(address.port);
  if (inet_pton(AF_INET, address.host.c_str(), &in.sin_addr) != 1) {
    die(fmt::format("{}: not an IPv4 address", address.host));
  }
  return in;
}

// The sockets API wants the generic type.
sockaddr* generic(sockaddr_in* in) { return reinterpret_cast<sockaddr*>(in); }

void spread_source(int fd, unsigned spread) {
  const int on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in source{};
  source.sin_family = AF_INET;
  source.sin_addr.s_addr = htonl(0x7f000001U + spread % 64);
  if (bind(fd, generic(&source), sizeof source) != 0) die_errno("bind to a loopback address");
}

void set_nodelay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

std::uint64_t kilobytes_of(const std::string& path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key)) return std::strtoull(line.c_str() + key.size(), nullptr, 10);
  }
  return 0;
}

}  // namespace

void die(std::string_view what) {
  fmt::print(stderr, "bench: {}\n", what);
  std::exit(2);
}

void die_errno(std::string_view what) { die(fmt::format("{}: {}", what, std::strerror(errno))); }

std::uint64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return to_ns(t);
}

void sleep_until_ns(std::uint64_t deadline) {
  const timespec t{static_cast<time_t>(deadline / 1'000'000'000U),
                   static_cast<long>(deadline % 1'000'000'000U)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr);
}

void sleep_ms(unsigned ms) { sleep_until_ns(now_ns() + std::uint64_t{ms} * 1'000'000U); }

void precise_timers() { prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); }

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

int connect_to(const Address& address, unsigned spread) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die_errno("socket");
  if (spread != 0 && address.host.starts_with("127.")) spread_source(fd, spread);
  sockaddr_in in = to_sockaddr(address);
  if (connect(fd, generic(&in), sizeof in) != 0) {
    die_errno(fmt::format("connect to {}:{}", address.host, address.port));
  }
  set_nodelay(fd);
  return fd;
}

int listen_on(const Address& address) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) die_errno("socket");
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in in = to_sockaddr(address);
  if (bind(fd, generic(&in), sizeof in) != 0 || listen(fd, 4096) != 0) {
    die_errno(fmt::format("listen on {}:{}", address.host, address.port));
  }
  return fd;
}

std::uint64_t cpu_ns(pid_t pid) {
  if (pid == 0) return 0;
  clockid_t clock{};
  timespec t{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0) {
    die(fmt::format("process {} is gone", pid));
  }
  return to_ns(t);
}

std::uint64_t own_cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return to_ns(t);
}

// smaps_rollup is exact; status may lag by some dozen pages per core.
Memory memory_of(pid_t pid) {
  if (pid == 0) return {};
  Memory memory;
  memory.rss_bytes = kilobytes_of(fmt::format("/proc/{}/smaps_rollup", pid), "Rss:") * 1024;
  const std::string status = fmt::format("/proc/{}/status", pid);
  if (memory.rss_bytes == 0) memory.rss_bytes = kilobytes_of(status, "VmRSS:") * 1024;
  memory.peak_bytes = kilobytes_of(status, "VmHWM:") * 1024;
  return memory;
}

Memory settled_memory_of(pid_t pid) {
  Memory before = memory_of(pid);
  for (int i = 0; i < 20; ++i) {
    sleep_ms(50);
    const Memory after = memory_of(pid);
    const bool same =
        after.rss_bytes + 8192 >= before.rss_bytes && before.rss_bytes + 8192 >= after.rss_bytes;
    before = after;
    if (same) break;
  }
  return before;
}

}  // namespace mqz::bench
