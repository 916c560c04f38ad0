// Plays the one scenario that MQZ_SCENARIO names, with the rule broken that MQZ_BREAK names.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string_view>

#include "lib/base/rules.h"
#include "tests/scenario/run.h"
#include "tests/scenario/shards_under_test.h"
#include "tests/scenario/transcript_files.h"

using namespace mqz::scenario;

namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : value;
}

const bool is_chosen = [] {
  mqz::broken_rule = environment("MQZ_BREAK");
  return true;
}();

}  // namespace

TEST_CASE("the chosen scenario holds", "[break]") {
  REQUIRE(is_chosen);
  std::size_t played = 0;
  for (const TranscriptFile& file : read_transcripts()) {
    for (const Scenario& scenario : file.scenarios) {
      if (file.name + ": " + scenario.name != environment("MQZ_SCENARIO")) continue;
      for (const std::string& version : scenario.versions) {
        ShardsUnderTest broker(World{});
        const Played result = play(scenario, version, broker);
        ++played;
        INFO(result.text);
        CHECK(result.outcome == Outcome::passed);
      }
    }
  }
  if (played == 0) WARN("no such scenario");
}
