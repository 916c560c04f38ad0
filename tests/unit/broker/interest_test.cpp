#include "lib/broker/interest.h"

#include <vector>

#include "tests/unit/broker/reference.h"

using namespace mqz::broker;
using namespace mqz::test;

namespace {

struct Wanted {
  std::string filter;
  unsigned bit;
};

std::uint64_t expected(const std::vector<Wanted>& model, std::string_view topic) {
  std::uint64_t bits = 0;
  for (const Wanted& wanted : model) {
    if (reference_matches(wanted.filter, topic)) bits |= std::uint64_t{1} << wanted.bit;
  }
  return bits;
}

}  // namespace

TEST_CASE("interest names the parties whose filters match", "[broker]") {
  Interest interest;
  CHECK(interest.may_match("a") == 0);
  interest.add("a/#", 0);
  interest.add("+/b", 5);
  interest.add("#", 63);
  CHECK(interest.may_match("a") == ((1ULL << 63U) | 1U));
  CHECK(interest.may_match("a/b") == ((1ULL << 63U) | 33U));
  CHECK(interest.may_match("$SYS/b") == 0);
  interest.remove("#", 63);
  interest.remove("+/b", 5);
  interest.remove("a/#", 0);
  CHECK(interest.empty());
}

TEST_CASE("interest agrees with the plain rule on random filters and topics", "[broker]") {
  for (const auto seed : seeds(8)) {
    MQZ_SEED_INFO(seed);
    Choices choices(seed);
    Interest interest(seed);
    std::vector<Wanted> model;
    for (int step = 0; step < 400; ++step) {
      if (model.empty() || choices.below(10) < (step < 250 ? 7U : 2U)) {
        model.push_back({choices.filter(3), static_cast<unsigned>(choices.below(64))});
        interest.add(model.back().filter, model.back().bit);
      } else {
        std::swap(model[choices.below(model.size())], model.back());
        interest.remove(model.back().filter, model.back().bit);
        model.pop_back();
      }
      const std::string topic = choices.topic();
      INFO("topic " << topic);
      REQUIRE(interest.may_match(topic) == expected(model, topic));
    }
    for (const Wanted& wanted : model) interest.remove(wanted.filter, wanted.bit);
    REQUIRE(interest.empty());
  }
}

TEST_CASE("interest beyond its shapes and levels says yes for every topic, never a wrong no",
          "[broker]") {
  for (const auto seed : seeds(8)) {
    MQZ_SEED_INFO(seed);
    Choices choices(seed);
    Interest interest(seed);
    std::vector<Wanted> model;
    for (int step = 0; step < 1'000; ++step) {
      if (model.empty() || choices.below(10) < (step < 600 ? 7U : 4U)) {
        model.push_back({choices.filter(10), static_cast<unsigned>(choices.below(8))});
        interest.add(model.back().filter, model.back().bit);
      } else {
        std::swap(model[choices.below(model.size())], model.back());
        interest.remove(model.back().filter, model.back().bit);
        model.pop_back();
      }
      if (step % 8 != 0) continue;
      const std::string topic = choices.topic(10);
      const std::uint64_t bits = expected(model, topic);
      REQUIRE((interest.may_match(topic) & bits) == bits);
    }
    for (const Wanted& wanted : model) interest.remove(wanted.filter, wanted.bit);
    REQUIRE(interest.empty());
    REQUIRE(interest.may_match("a") == 0);
  }
}

TEST_CASE("interest in filters deeper than it looks is kept for every topic", "[broker]") {
  std::string deep = "a";
  for (int i = 1; i < 64; ++i) deep += "/a";
  Interest interest;
  interest.add(deep, 1);
  CHECK(interest.may_match(deep) == 2);
  CHECK(interest.may_match("a") == 0);
  interest.add(deep + "/#", 2);
  CHECK((interest.may_match(deep + "/a/b") & 4U) != 0);
  interest.remove(deep + "/#", 2);
  CHECK(interest.may_match(deep + "/a/b") == 0);
}

TEST_CASE("interest in a hundred thousand filters takes at most 32 bytes each", "[broker]") {
  Interest interest(1);
  for (int i = 0; i < 50'000; ++i) {
    interest.add("dev/" + std::to_string(i) + "/+/temp", 1);
    interest.add("dev/+/s" + std::to_string(i) + "/#", 2);
  }
  CHECK(interest.memory_bytes() <= 100'000 * 32);
  CHECK(interest.may_match("dev/3/s999999/temp") == 2);
  CHECK(interest.may_match("dev/3/s7/temp") == 6);
  CHECK(interest.may_match("dev/x/y/temp") == 0);
}
