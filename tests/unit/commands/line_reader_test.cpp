#include "commands/line_reader.h"

#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "lib/os/fd.h"

using namespace mqz;
using commands::LineReader;

namespace {

// What a reader makes of the text when it comes through a pipe.
std::vector<std::string> lines_of(const std::string& text, char separator = '\n') {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const os::Fd out(ends[0]);
  std::thread writer([fd = ends[1], &text] {
    const os::Fd in(fd);
    std::size_t at = 0;
    while (at < text.size()) {
      const ssize_t wrote = ::write(in.get(), text.data() + at, text.size() - at);
      if (wrote <= 0) return;
      at += static_cast<std::size_t>(wrote);
    }
  });
  LineReader reader(out.get(), separator);
  std::vector<std::string> lines;
  while (true) {
    while (const auto line = reader.next()) lines.emplace_back(*line);
    if (reader.at_end()) break;
    const auto filled = reader.fill();
    if (filled != LineReader::Fill::got && filled != LineReader::Fill::end) break;
    if (filled == LineReader::Fill::end && reader.at_end()) break;
  }
  writer.join();
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("lines are cut at their separator, the last needs none", "[lines]") {
  CHECK(lines_of("").empty());
  CHECK(lines_of("a") == Lines{"a"});
  CHECK(lines_of("a\n") == Lines{"a"});
  CHECK(lines_of("a\n\nb\r\nc") == Lines{"a", "", "b\r", "c"});
  CHECK(lines_of("\n\n") == Lines{"", ""});
  CHECK(lines_of(std::string("a\nb\0c", 5), '\0') == Lines{"a\nb", "c"});
}

TEST_CASE("lines longer than any buffer arrive whole, with those around them", "[lines]") {
  const std::string large(1'000'000, 'x');
  CHECK(lines_of("a\n" + large + "\nb") == Lines{"a", large, "b"});
}

TEST_CASE("many lines arrive in order", "[lines]") {
  std::string text;
  Lines expected;
  for (int i = 0; i < 50'000; ++i) {
    expected.push_back(std::to_string(i));
    text += expected.back() + '\n';
  }
  CHECK(lines_of(text) == expected);
}
