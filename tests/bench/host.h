// What the bench programs ask of the system: sockets, the clock, another process's CPU and memory.
// A failure ends the program with a message: a benchmark has nothing to recover.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace mqz::bench {

[[noreturn]] void die(std::string_view what);        // exit code 2
[[noreturn]] void die_errno(std::string_view what);  // with errno's text

std::uint64_t now_ns();  // monotonic
void sleep_until_ns(std::uint64_t deadline);
void sleep_ms(unsigned ms);
void precise_timers();  // no timer slack for this thread

// Raises the soft limit of descriptors to the hard one and returns it.
std::size_t raise_descriptor_limit();

struct Address {
  std::string host = "127.0.0.1";  // a literal IPv4 address
  std::uint16_t port = 1883;
};

// A connected socket with TCP_NODELAY. On 127.0.0.0/8 `spread` picks the source
// address, so that many short connections do not run out of ports.
int connect_to(const Address& address, unsigned spread = 0);
int listen_on(const Address& address);

// User and system time of all threads of a process, 0 without a pid.
std::uint64_t cpu_ns(pid_t pid);
std::uint64_t own_cpu_ns();

struct Memory {
  std::uint64_t rss_bytes = 0;
  std::uint64_t peak_bytes = 0;
};
Memory memory_of(pid_t pid);
// The same once two readings 50 ms apart agree to a page or two, at most a second later.
Memory settled_memory_of(pid_t pid);

}  // namespace mqz::bench
