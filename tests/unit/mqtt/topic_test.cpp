#include "lib/mqtt/topic.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/unit/mqtt/topic_levels.h"

namespace mqz::mqtt {

namespace {

using testing::is_filter_by_levels;
using testing::matches_by_levels;

// Every text of up to `size` characters of the alphabet, the empty one left out.
std::vector<std::string> texts_of(std::string_view alphabet, std::size_t size) {
  std::vector<std::string> texts{""};
  std::size_t begin = 0;
  for (std::size_t length = 1; length <= size; ++length) {
    const std::size_t end = texts.size();
    for (; begin < end; ++begin) {
      for (const char letter : alphabet) texts.push_back(texts[begin] + letter);
    }
  }
  texts.erase(texts.begin());
  return texts;
}

}  // namespace

TEST_CASE("a topic has 1 to 65535 bytes and no wildcard", "[mqtt][topic]") {
  CHECK_FALSE(is_valid_topic(""));
  CHECK(is_valid_topic("/"));
  CHECK(is_valid_topic("a b/\xC3\xA9"));
  CHECK(is_valid_topic("$SYS/broker"));
  CHECK(is_valid_topic(std::string(65'535, 't')));
  CHECK_FALSE(is_valid_topic(std::string(65'536, 't')));
  CHECK_FALSE(is_valid_topic("\xC3\xA9/+"));
}

TEST_CASE("a wildcard is found at every place of a topic of every short length", "[mqtt][topic]") {
  for (std::size_t size = 1; size <= 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (const char wildcard : {'+', '#'}) {
        std::string topic(size, '*');
        REQUIRE(is_valid_topic(topic));
        topic[at] = wildcard;
        REQUIRE_FALSE(is_valid_topic(topic));
        REQUIRE(has_wildcard(topic));
      }
    }
  }
}

TEST_CASE("only + and # are wildcards among all bytes", "[mqtt][topic]") {
  for (int byte = 1; byte < 128; ++byte) {
    const std::string topic = std::string(7, 'x') + static_cast<char>(byte) + std::string(9, 'x');
    CHECK(is_valid_topic(topic) == (byte != '+' && byte != '#'));
  }
}

TEST_CASE("wildcards stand alone in their level and # ends the filter", "[mqtt][topic]") {
  for (const std::string& filter : texts_of("a/+#", 6)) {
    INFO(filter);
    REQUIRE(is_valid_filter(filter) == is_filter_by_levels(filter));
  }
  CHECK_FALSE(is_valid_filter(""));
  CHECK(is_valid_filter(std::string(65'535, 'f')));
  CHECK_FALSE(is_valid_filter(std::string(65'536, 'f')));
}

TEST_CASE("a filter matches exactly the topics that the levels say", "[mqtt][topic]") {
  const std::vector<std::string> topics = texts_of("a$/", 5);
  for (const std::string& filter : texts_of("a$/+#", 5)) {
    if (!is_valid_filter(filter)) continue;
    for (const std::string& topic : topics) {
      if (matches(filter, topic) == matches_by_levels(filter, topic)) continue;
      FAIL_CHECK(filter << " against " << topic);
    }
  }
}

TEST_CASE("the specification's own examples of matching hold", "[mqtt][topic]") {
  CHECK(matches("sport/tennis/player1/#", "sport/tennis/player1"));
  CHECK(matches("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"));
  CHECK(matches("sport/#", "sport"));
  CHECK(matches("sport/tennis/+", "sport/tennis/player2"));
  CHECK_FALSE(matches("sport/tennis/+", "sport/tennis/player1/ranking"));
  CHECK_FALSE(matches("sport/+", "sport"));
  CHECK(matches("sport/+", "sport/"));
  CHECK(matches("+/+", "/finance"));
  CHECK(matches("/+", "/finance"));
  CHECK_FALSE(matches("+", "/finance"));
  CHECK_FALSE(matches("#", "$SYS/monitor/Clients"));
  CHECK_FALSE(matches("+/monitor/Clients", "$SYS/monitor/Clients"));
  CHECK(matches("$SYS/#", "$SYS/monitor/Clients"));
  CHECK(matches("$SYS/monitor/+", "$SYS/monitor/Clients"));
  CHECK_FALSE(matches("ACCOUNTS", "Accounts"));
}

TEST_CASE("a shared filter has a group without wildcards and a filter behind it", "[mqtt][topic]") {
  const auto shared = parse_shared("$share/group/a/+/#");
  REQUIRE(shared);
  CHECK(shared->group == "group");
  CHECK(shared->filter == "a/+/#");
  CHECK(parse_shared("$share/g//finance")->filter == "/finance");
  CHECK(is_valid_filter("$share/g/a"));
  for (const char* wrong : {"$share/", "$share/g", "$share//a", "$share/g/", "$share/+/a",
                            "$share/g#/a", "$share/g/a#", "$share/g/$share/h/a", "$share/\xFF/a"}) {
    INFO(wrong);
    CHECK(is_shared(wrong));
    CHECK_FALSE(parse_shared(wrong));
    CHECK_FALSE(is_valid_filter(wrong));
  }
  CHECK_FALSE(parse_shared("a/b"));
  CHECK(is_valid_filter("$share"));
  CHECK(is_valid_filter("$shared/g/a"));
  CHECK_FALSE(is_valid_filter("$share/g/" + std::string(65'535, 'f')));
}

TEST_CASE("levels are separators and one", "[mqtt][topic]") {
  CHECK(level_count("a") == 1);
  CHECK(level_count("/") == 2);
  CHECK(level_count("a/b/c") == 3);
}

}  // namespace mqz::mqtt
