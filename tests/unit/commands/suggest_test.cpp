#include "commands/suggest.h"

#include <catch2/catch.hpp>
#include <string>

using namespace mqz::commands;

TEST_CASE("the distance counts swaps of neighbours as one edit", "[commands]") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("topic", "topic") == 0);
  CHECK(edit_distance("topik", "topic") == 1);
  CHECK(edit_distance("tpoic", "topic") == 1);
  CHECK(edit_distance("pubb", "pub") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance(std::string(500, 'a'), "b") == 64);
}

TEST_CASE("only a near word is suggested", "[commands]") {
  constexpr std::string_view words[] = {"topic", "message", "qos", "retain", "id"};
  CHECK(closest("topik", words) == "topic");
  CHECK(closest("mesage", words) == "message");
  CHECK(closest("mseasge", words) == "message");
  CHECK(closest("qso", words) == "qos");
  CHECK(closest("ix", words) == "id");
  CHECK(closest("xyz", words).empty());
  CHECK(closest("x", words).empty());
  CHECK(closest("", words).empty());
  CHECK(closest("retention", words).empty());
  CHECK(did_you_mean("topik", words, "--") == "did you mean '--topic'?");
}
