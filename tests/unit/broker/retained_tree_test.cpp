#include "lib/broker/retained_tree.h"

#include <map>
#include <optional>
#include <set>

#include "tests/unit/broker/reference.h"

using namespace mqz;
using namespace mqz::broker;
using namespace mqz::test;

namespace {

MessageRef message(std::string_view topic, std::string_view payload = "x") {
  mqtt::Publish publish;
  publish.topic = topic;
  publish.retain = true;
  publish.payload = as_bytes(payload);
  return MessageRef::copy_of(publish, MonoTime{});
}

std::multiset<std::string> matched(RetainedTree& tree, std::string_view filter) {
  std::multiset<std::string> topics;
  tree.match(filter, [&](const MessageRef& found) { topics.emplace(found->topic()); });
  return topics;
}

}  // namespace

TEST_CASE("a retained message is set, replaced and erased", "[broker]") {
  RetainedTree tree;
  CHECK(tree.set(message("a/b", "one")));
  CHECK_FALSE(tree.set(message("a/b", "other")));
  REQUIRE(tree.find("a/b") != nullptr);
  CHECK(as_text((*tree.find("a/b"))->payload()) == "other");
  CHECK(tree.find("a") == nullptr);
  CHECK(tree.size() == 1);
  CHECK(tree.message_bytes() == (*tree.find("a/b"))->bytes());
  CHECK(tree.erase("a/b"));
  CHECK_FALSE(tree.erase("a/b"));
  CHECK(tree.size() == 0);
  CHECK(tree.message_bytes() == 0);
}

TEST_CASE("retained messages are found by wildcards, those with $ only by name", "[broker]") {
  RetainedTree tree;
  for (const char* topic : {"a", "a/b", "a/b/c", "/", "$SYS/x", "b/b"}) tree.set(message(topic));
  CHECK(matched(tree, "#") == std::multiset<std::string>{"a", "a/b", "a/b/c", "/", "b/b"});
  CHECK(matched(tree, "a/#") == std::multiset<std::string>{"a", "a/b", "a/b/c"});
  CHECK(matched(tree, "+/b") == std::multiset<std::string>{"a/b", "b/b"});
  CHECK(matched(tree, "+/+") == std::multiset<std::string>{"a/b", "b/b", "/"});
  CHECK(matched(tree, "$SYS/+") == std::multiset<std::string>{"$SYS/x"});
  CHECK(matched(tree, "+/x").empty());
  CHECK(matched(tree, "nowhere/#").empty());
}

TEST_CASE("a retained tree agrees with the plain rule while topics come and go", "[broker]") {
  for (const auto seed : seeds(8)) {
    MQZ_SEED_INFO(seed);
    Choices choices(seed);
    RetainedTree tree(seed);
    std::set<std::string> model;
    for (int step = 0; step < 400; ++step) {
      const std::string topic = choices.topic();
      if (choices.below(10) < (step < 250 ? 7U : 3U)) {
        REQUIRE(tree.set(message(topic)) == model.insert(topic).second);
      } else {
        REQUIRE(tree.erase(topic) == (model.erase(topic) == 1));
      }
      REQUIRE(tree.size() == model.size());
      const std::string filter = choices.filter();
      INFO("filter " << filter);
      std::multiset<std::string> expected;
      for (const std::string& kept : model) {
        if (reference_matches(filter, kept)) expected.insert(kept);
      }
      REQUIRE(matched(tree, filter) == expected);
    }
    for (const std::string& topic : model) REQUIRE(tree.erase(topic));
    REQUIRE(tree.memory_bytes() < 100'000);
  }
}

TEST_CASE("a cursor sees what stays exactly once while the tree changes under it", "[broker]") {
  for (const auto seed : seeds(30)) {
    MQZ_SEED_INFO(seed);
    Choices choices(seed);
    RetainedTree tree(seed);
    std::set<std::string> stayed;
    for (int i = 0; i < 120; ++i) {
      const std::string topic = choices.topic();
      tree.set(message(topic));
      stayed.insert(topic);
    }
    const std::string filter = choices.filter();
    INFO("filter " << filter);
    std::map<std::string, int> seen;
    std::optional<RetainedTree::Cursor> cursor(std::in_place, tree, filter);
    const auto visit = [&](const MessageRef& found) { ++seen[std::string(found->topic())]; };
    std::set<std::string> came_or_went;
    for (bool more = true; more;) {
      more = cursor->next(1 + choices.below(4), visit);
      for (std::size_t changes = choices.below(8); changes > 0; --changes) {
        const std::string topic = choices.topic();
        if (choices.one_in(4)) {
          if (tree.set(message(topic))) came_or_went.insert(topic);
        } else if (tree.erase(topic)) {
          came_or_went.insert(topic);
          stayed.erase(topic);
        }
      }
    }
    for (const auto& [topic, times] : seen) {
      REQUIRE(reference_matches(filter, topic));
      if (!came_or_went.contains(topic)) REQUIRE(times == 1);
    }
    for (const std::string& topic : stayed) {
      if (reference_matches(filter, topic) && !came_or_went.contains(topic))
        REQUIRE(seen[topic] == 1);
    }
    cursor.reset();
    std::vector<std::string> rest;
    tree.match("#", [&](const MessageRef& found) { rest.emplace_back(found->topic()); });
    tree.match("$SYS/#", [&](const MessageRef& found) { rest.emplace_back(found->topic()); });
    tree.match("$x/#", [&](const MessageRef& found) { rest.emplace_back(found->topic()); });
    for (const std::string& topic : rest) tree.erase(topic);
    REQUIRE(tree.size() == 0);
    REQUIRE(tree.memory_bytes() < 100'000);
  }
}

TEST_CASE("a cursor that is dropped or moved lets go of its place", "[broker]") {
  RetainedTree tree;
  tree.set(message("a/b/c"));
  tree.set(message("a/b/d"));
  {
    RetainedTree::Cursor cursor(tree, "#");
    CHECK(cursor.next(3, [](const MessageRef&) {}));
    tree.erase("a/b/c");
    RetainedTree::Cursor moved(std::move(cursor));
    tree.erase("a/b/d");
    int visits = 0;
    CHECK_FALSE(moved.next(100, [&](const MessageRef&) { ++visits; }));
    CHECK(visits == 0);
  }
  int visits = 0;
  tree.match("#", [&](const MessageRef&) { ++visits; });
  CHECK(visits == 0);
}

TEST_CASE("a retained message of 64 bytes costs less than 350 bytes in all", "[broker]") {
  RetainedTree tree(1);
  const std::string payload(64, 'p');
  constexpr int count = 20'000;
  for (int i = 0; i < count; ++i) {
    tree.set(message("r/" + std::to_string(i % 16) + "/" + std::to_string(i / 16 % 32) + "/" +
                         std::to_string(i) + "/state",
                     payload));
  }
  CHECK(tree.size() == count);
  CHECK(tree.memory_bytes() + tree.message_bytes() + 16 * count < std::size_t{350} * count);
}
