// Every transcript, against the broker's shards: one or four of them, with commits at once or late.
#include <catch2/catch.hpp>

#include "tests/scenario/bytewise.h"
#include "tests/scenario/run.h"
#include "tests/scenario/shards_under_test.h"
#include "tests/scenario/transcript_files.h"

using namespace mqz;
using namespace mqz::scenario;

namespace {

enum class Arrival : unsigned char { whole, bytewise };

Played play_once(const Scenario& scenario, std::string_view version, World world, Arrival arrival) {
  ShardsUnderTest broker(world);
  if (arrival == Arrival::whole) return play(scenario, version, broker);
  Bytewise bytewise(broker);
  return play(scenario, version, bytewise);
}

void play_all(World world, Arrival arrival = Arrival::whole) {
  std::size_t played = 0;
  for (const TranscriptFile& file : read_transcripts()) {
    for (const Scenario& scenario : file.scenarios) {
      for (const std::string& version : scenario.versions) {
        const Played result = play_once(scenario, version, world, arrival);
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

TEST_CASE("every transcript holds when bytes arrive one by one", "[scenario]") {
  play_all({.shard_count = 2, .seed = 5}, Arrival::bytewise);
}

TEST_CASE("every transcript holds while snapshots are taken, which restarts begin with",
          "[scenario]") {
  for (const std::uint32_t seed : {6U, 7U, 8U}) {
    play_all({.seed = seed, .snapshots = true});
    play_all({.delays = true, .seed = seed, .snapshots = true});
    play_all({.shard_count = 4, .seed = seed, .snapshots = true});
    play_all({.shard_count = 4, .delays = true, .seed = seed, .snapshots = true});
  }
}
