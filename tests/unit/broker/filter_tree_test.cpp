#include "lib/broker/filter_tree.h"

#include <map>
#include <set>

#include "tests/unit/broker/reference.h"

using namespace mqz::broker;
using namespace mqz::test;

namespace {

std::multiset<std::string> matched(const FilterTree& tree, std::string_view topic) {
  std::multiset<std::string> filters;
  tree.match(topic, [&](NodeId id) { filters.insert(tree.filter_of(id)); });
  return filters;
}

std::multiset<std::string> expected(const std::map<std::string, int>& model,
                                    std::string_view topic) {
  std::multiset<std::string> filters;
  for (const auto& [filter, users] : model) {
    if (reference_matches(filter, topic)) filters.insert(filter);
  }
  return filters;
}

}  // namespace

TEST_CASE("a filter tree finds the filters that match a topic", "[broker]") {
  FilterTree tree;
  for (const char* filter : {"a/b", "a/+", "a/#", "#", "+/b", "a/b/c", "+", "/", "+/+/#"})
    tree.acquire(filter);
  CHECK(matched(tree, "a/b") ==
        std::multiset<std::string>{"a/b", "a/+", "a/#", "#", "+/b", "+/+/#"});
  CHECK(matched(tree, "a") == std::multiset<std::string>{"a/#", "#", "+"});
  CHECK(matched(tree, "/") == std::multiset<std::string>{"#", "/", "+/+/#"});
}

TEST_CASE("wildcards in the first level leave topics with $ alone", "[broker]") {
  FilterTree tree;
  for (const char* filter : {"#", "+/x", "$SYS/#", "$SYS/+", "+/#"}) tree.acquire(filter);
  CHECK(matched(tree, "$SYS/x") == std::multiset<std::string>{"$SYS/#", "$SYS/+"});
  CHECK(matched(tree, "$SYS") == std::multiset<std::string>{"$SYS/#"});
}

TEST_CASE("a filter stays until its last user releases it", "[broker]") {
  FilterTree tree;
  const NodeId id = tree.acquire("a/+/c");
  const auto before = tree.version();
  CHECK(tree.acquire("a/+/c") == id);
  CHECK(tree.version() == before);
  tree.release(id);
  CHECK(tree.find("a/+/c") == id);
  tree.release(id);
  CHECK_FALSE(tree.find("a/+/c"));
  CHECK(tree.version() != before);
  CHECK(tree.size() == 0);
}

TEST_CASE("a filter tree agrees with the plain rule on random filters and topics", "[broker]") {
  for (const auto seed : seeds(8)) {
    MQZ_SEED_INFO(seed);
    Choices choices(seed);
    FilterTree tree(seed);
    std::map<std::string, int> model;
    std::map<std::string, NodeId> ids;
    for (int step = 0; step < 400; ++step) {
      const bool growing = step < 250;
      if (model.empty() || choices.below(10) < (growing ? 7U : 2U)) {
        const std::string filter = choices.filter();
        const NodeId id = tree.acquire(filter);
        const auto version = tree.version();
        if (++model[filter] == 1) ids[filter] = id;
        REQUIRE(ids[filter] == id);
        REQUIRE(id < tree.node_capacity());
        REQUIRE(version == tree.version());
      } else {
        const auto gone = std::next(model.begin(), static_cast<long>(choices.below(model.size())));
        tree.release(ids[gone->first]);
        if (--gone->second == 0) model.erase(gone);
      }
      const std::string topic = choices.topic();
      INFO("topic " << topic);
      REQUIRE(matched(tree, topic) == expected(model, topic));
      REQUIRE(tree.size() == model.size());
      const std::string filter = choices.filter();
      REQUIRE(tree.find(filter).has_value() == model.contains(filter));
    }
  }
}

TEST_CASE("a topic and filters of hundreds of levels are matched", "[broker]") {
  std::string deep = "a";
  std::string plus = "+";
  for (int i = 1; i < 300; ++i) {
    deep += "/a";
    plus += i % 2 == 0 ? "/+" : "/a";
  }
  FilterTree tree;
  tree.acquire(deep);
  tree.acquire(plus);
  tree.acquire("a/#");
  tree.acquire("a/+");
  CHECK(matched(tree, deep).size() == 3);
  CHECK(matched(tree, deep + "/a").size() == 1);
}

TEST_CASE("a hundred thousand wildcard filters stay small and give their memory back", "[broker]") {
  FilterTree tree(1);
  std::vector<NodeId> ids;
  for (int i = 0; i < 25'000; ++i) {
    const std::string n = std::to_string(i);
    for (const std::string& filter : {"dev/" + n + "/+/temp", "dev/+/s" + n + "/#",
                                      "site/" + n + "/+/u" + n, "+/d" + n + "/x/#"}) {
      ids.push_back(tree.acquire(filter));
    }
  }
  CHECK(tree.size() == 100'000);
  CHECK(tree.memory_bytes() < 100'000 * 200);
  CHECK(matched(tree, "dev/17/s4242/temp") ==
        std::multiset<std::string>{"dev/17/+/temp", "dev/+/s4242/#"});
  for (std::size_t i = 100; i < ids.size(); ++i) tree.release(ids[i]);
  CHECK(tree.memory_bytes() < 200'000);
  CHECK(tree.filter_of(ids[99]) == "+/d24/x/#");
  CHECK(tree.node_capacity() < 5'000);
}
