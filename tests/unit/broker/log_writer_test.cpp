#include "lib/broker/log_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
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
  // What has come until `end` stands in it.
  std::string read_until(std::string_view end) {
    std::string all;
    while (all.find(end) == std::string::npos) {
      pollfd some{out.get(), POLLIN, 0};
      if (::poll(&some, 1, 10'000) != 1) break;
      std::array<char, 4096> room;
      const ssize_t got = ::read(out.get(), room.data(), room.size());
      if (got <= 0) break;
      all.append(room.data(), static_cast<std::size_t>(got));
    }
    return all;
  }
};

}  // namespace

TEST_CASE("lines come whole and in order to every place", "[broker][threads]") {
  Pipe first;
  Pipe second;
  LogWriter writer({.descriptors = {first.in.get(), second.in.get()}});
  for (const char* text : {"one\n", "two\n", "three\n"}) writer.put({0, 0, text});
  CHECK(first.read_until("three\n") == "one\ntwo\nthree\n");
  CHECK(second.read_until("three\n") == "one\ntwo\nthree\n");
}

TEST_CASE("a log that nobody reads loses lines, says how many, and holds nobody up",
          "[broker][threads]") {
  Pipe pipe;
  LogWriter writer({.descriptors = {pipe.in.get()}});
  const std::string line(999, 'x');
  constexpr std::size_t put = 3000;
  for (std::size_t count = 0; count < put; ++count) writer.put({0, 0, line + "\n"});
  const std::string all = pipe.read_until("were lost");
  // A line of its own, behind those that were kept.
  const std::size_t at = all.find(" lines were lost");
  const std::size_t begin = all.rfind('\n', at) + 1;
  const auto kept = std::count(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(begin), '\n');
  CHECK(all.substr(begin, at - begin) == std::to_string(static_cast<std::ptrdiff_t>(put) - kept));
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
