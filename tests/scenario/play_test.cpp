// Every transcript, against the broker's shards: one or four of them, with commits at once or late.
#include <catch2/catch.hpp>

#include "tests/scenario/run.h"
#include "tests/scenario/shards_under_test.h"
#include "tests/scenario/transcript_files.h"

using namespace mqz;
using namespace mqz::scenario;

namespace {

void play_all(World world) {
  std::size_t played = 0;
  for (const TranscriptFile& file : read_transcripts()) {
    for (const Scenario& scenario : file.scenarios) {
      for (const std::string& version : scenario.versions) {
        ShardsUnderTest broker(world);
        const Played result = play(scenario, version, broker);
        ++played;
        INFO(file.name << ":" << scenario.line << ": " << scenario.name << " (" << version << ")\n"
                       << result.text);
        CHECK(result.outcome == Outcome::passed);
      }
    }
  }
  CHECK(played > 100);
}

}  // namespace

TEST_CASE("every transcript holds on one shard", "[scenario]") { play_all({}); }

TEST_CASE("every transcript holds on one shard with late commits", "[scenario]") {
  play_all({.delays = true, .seed = 2});
}

TEST_CASE("every transcript holds with clients spread over four shards", "[scenario]") {
  play_all({.shard_count = 4, .seed = 3});
}

TEST_CASE("every transcript holds with clients spread over four shards and late commits",
          "[scenario]") {
  play_all({.shard_count = 4, .delays = true, .seed = 4});
}
