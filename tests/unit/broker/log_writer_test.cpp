#include "lib/broker/log_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>

#include "lib/os/clock.h"

using namespace mqz;
using broker::LogWriter;

namespace {

struct Pipe {
  os::Fd out{};
  os::Fd in{};
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    out = os::Fd(ends[0]);
    in = os::Fd(ends[1]);
  }
  // The next line, with its end; empty when none comes.
  std::string read_line() {
    std::array<char, 4096> room;
    while (unread_.find('\n') == std::string::npos) {
      pollfd some{out.get(), POLLIN, 0};
      const bool is_there = ::poll(&some, 1, 10'000) == 1;
      const ssize_t got = is_there ? ::read(out.get(), room.data(), room.size()) : 0;
      if (got <= 0) return {};
      unread_.append(room.data(), static_cast<std::size_t>(got));
    }
    const std::string line = unread_.substr(0, unread_.find('\n') + 1);
    unread_.erase(0, line.size());
    return line;
  }

 private:
  std::string unread_{};
};

}  // namespace

TEST_CASE("lines come whole and in order to every place", "[broker][threads]") {
  Pipe first;
  Pipe second;
  LogWriter writer({.descriptors = {first.in.get(), second.in.get()}});
  for (const char* text : {"one\n", "two\n", "three\n"}) writer.put({0, 0, text});
  for (const char* text : {"one\n", "two\n", "three\n"}) {
    CHECK(first.read_line() == text);
    CHECK(second.read_line() == text);
  }
}

TEST_CASE("a log that nobody reads loses lines, says how many, and holds nobody up",
          "[broker][threads]") {
  Pipe pipe;
  LogWriter writer({.descriptors = {pipe.in.get()}});
  constexpr std::size_t put = 3000;
  for (std::size_t count = 0; count < put; ++count)
    writer.put({0, 0, std::string(999, 'x') + "\n"});
  // What comes is lines that were kept, and now and then how many were not.
  std::size_t kept = 0;
  std::size_t lost = 0;
  while (kept + lost < put) {
    const std::string line = pipe.read_line();
    REQUIRE_FALSE(line.empty());
    const bool is_report = line.find(" lines were lost") != std::string::npos;
    is_report ? lost += std::stoul(line) : ++kept;
  }
  CHECK(kept + lost == put);
  CHECK(lost > 0);
}

TEST_CASE("the end of a log that nobody reads comes soon", "[broker][threads]") {
  Pipe pipe;
  const MonoTime begin = os::read_mono();
  {
    LogWriter writer({.descriptors = {pipe.in.get()}});
    for (int count = 0; count < 100; ++count) writer.put({0, 0, std::string(999, 'x') + "\n"});
  }
  CHECK(os::read_mono() - begin < 10 * LogWriter::last_words);
}
