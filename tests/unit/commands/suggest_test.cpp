#include "commands/suggest.h"

#include <catch2/catch.hpp>

using namespace mqz::commands;

TEST_CASE("a suggestion is a question with the word as it would be typed", "[commands]") {
  constexpr std::string_view words[] = {"topic", "message", "qos"};
  CHECK(did_you_mean("topik", words, "--") == "did you mean '--topic'?");
  CHECK(did_you_mean("mseasge", words) == "did you mean 'message'?");
  CHECK(did_you_mean("qso", words) == "did you mean 'qos'?");
  CHECK(did_you_mean("xyz", words).empty());
  CHECK(did_you_mean("", words).empty());
}
