#include "lib/base/one_line.h"

#include <catch2/catch.hpp>

TEST_CASE("text of others stays on its line", "[base]") {
  using mqz::one_line;
  CHECK(one_line("") == "");
  CHECK(one_line("plain \xc3\xa4 \\n") == "plain \xc3\xa4 \\n");
  CHECK(one_line("a\nb\x1b[0m\x7f\r") == "a\\nb\\x1b[0m\\x7f\\x0d");
  CHECK(one_line(std::string_view("\0x", 2)) == "\\x00x");
}
