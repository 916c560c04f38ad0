#include "lib/base/nearest.h"

#include <array>
#include <catch2/catch.hpp>

TEST_CASE("the edit distance counts insertions, deletions, substitutions and swaps", "[base]") {
  CHECK(mqz::edit_distance("", "") == 0);
  CHECK(mqz::edit_distance("topic", "topic") == 0);
  CHECK(mqz::edit_distance("topik", "topic") == 1);
  CHECK(mqz::edit_distance("tpoic", "topic") == 1);
  CHECK(mqz::edit_distance("topc", "topic") == 1);
  CHECK(mqz::edit_distance("ttopic", "topic") == 1);
  CHECK(mqz::edit_distance("abc", "") == 3);
}

TEST_CASE("the nearest word is named only if it is near", "[base]") {
  constexpr std::array<std::string_view, 3> words = {"listener", "log_dest", "log_type"};
  CHECK(mqz::nearest_word("listner", words) == "listener");
  CHECK(mqz::nearest_word("log_tipe", words) == "log_type");
  CHECK(mqz::nearest_word("entirely_else", words).empty());
  CHECK(mqz::nearest_word("x", words).empty());
}
