// Every transcript, and between any two of its steps: what the broker would find again if it were
// killed there is what it has. Once as it is written, once with sessions that are all durable.
#include <catch2/catch.hpp>

#include "tests/scenario/durable_sessions.h"
#include "tests/scenario/shards_under_test.h"
#include "tests/scenario/transcript_files.h"

using namespace mqz;
using namespace mqz::scenario;

namespace {

constexpr std::array worlds{World{}, World{.shard_count = 4, .seed = 3},
                            World{.shard_count = 4, .delays = true, .seed = 4}};

void check_gaps(const Scenario& scenario, const std::string& version, const World& world) {
  ShardsUnderTest broker(world);
  const auto lost = [&](std::size_t) { return broker.lost_in_journal(); };
  const Played played = play(scenario, version, broker, lost);
  INFO(scenario.name << " (" << version << "), " << world.shard_count << " shards"
                     << (world.delays ? ", late commits" : "") << "\n"
                     << played.text);
  CHECK(played.outcome != Outcome::interrupted);
}

// In the worlds that are chosen by the scenario's number.
template <typename IsChosen>
void check_all_gaps(const IsChosen& is_chosen) {
  std::size_t number = 0;
  for (const TranscriptFile& file : read_transcripts()) {
    for (const Scenario& scenario : file.scenarios) {
      for (const std::string& version : scenario.versions) {
        INFO(file.name << ":" << scenario.line);
        ++number;
        for (std::size_t world = 0; world < worlds.size(); ++world) {
          if (!is_chosen(number, world)) continue;
          check_gaps(scenario, version, worlds[world]);
          check_gaps(with_durable_sessions(scenario), version, worlds[world]);
        }
      }
    }
  }
  CHECK(number > 400);
}

}  // namespace

TEST_CASE("the journal has all that is durable between any two steps of a transcript",
          "[scenario]") {
  check_all_gaps(
      [](std::size_t number, std::size_t world) { return number % worlds.size() == world; });
}

TEST_CASE("the journal has all that is durable between any two steps, in every world",
          "[scenario][.long]") {
  check_all_gaps([](std::size_t, std::size_t) { return true; });
}
