#include "lib/broker/config/words.h"

#include <catch2/catch.hpp>

#include "lib/broker/config/draft.h"

using namespace mqz::broker;

TEST_CASE("the table of words is in order and complete", "[broker][config]") {
  std::string_view before;
  for (const Word& word : words()) {
    INFO(word.name);
    CHECK(before < word.name);
    before = word.name;
    CHECK(word.least <= word.most);
    if (word.status == WordStatus::works) CHECK_FALSE(word.help.empty());
    if (word.status == WordStatus::works && word.name != "include_dir") CHECK(word.take != nullptr);
    if (!word.differs.empty()) CHECK_FALSE(word.standard.empty());
  }
}

TEST_CASE("the default of every word can be written in a file", "[broker][config]") {
  for (const Word& word : words()) {
    if (word.take == nullptr || word.standard.empty()) continue;
    INFO(word.name);
    Draft draft = fresh_draft();
    CHECK(word.take(draft, word, word.standard).empty());
  }
}

TEST_CASE("words are found by name, old name and family", "[broker][config]") {
  CHECK(find_word("max_qos") == find_word("maximum_qos"));
  REQUIRE(find_word("plugin_opt_x") != nullptr);
  CHECK(find_word("plugin_opt_x")->name == "plugin_opt_*");
  CHECK(find_word("plugin_opt_") == nullptr);
  CHECK(find_word("nothing") == nullptr);
  CHECK(nearest_config_word("persistance") == "persistence");
}
