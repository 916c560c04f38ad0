// One simulated run: clients that come, go, subscribe and publish by chance, faults, then peace,
// and everything checked. A run is a function of its seed.
#pragma once

#include <cstdint>
#include <string>

#include "tests/scenario/shards_under_test.h"

namespace mqz::simulation {

// Probabilities are per action of a client.
struct Faults {
  double drop = 0;      // the connection is lost, in the middle of whatever is on its way
  double takeover = 0;  // it connects again while its old connection is still there
  double leave = 0;     // DISCONNECT
  double discard = 0;   // it begins anew when it connects
  double convert = 0;   // its session becomes one that (does not) outlive the connection
  double stop_reading = 0;
  double slow = 0;   // it keeps its acknowledgements back for a while
  double jump = 0;   // of the clock, forward
  double crash = 0;  // of the broker
};

struct RunForm {
  scenario::World world{};
  broker::Placement placement{};
  std::size_t client_count = 8;
  std::size_t action_count = 300;
  Faults faults{};
  double mail_held = 0;
  double commits_held = 0;
  double bytes_cut = 0;
  bool with_trace = false;
};

// The form of the run that belongs to a seed; faults of every kind in some of them.
RunForm form_of(std::uint64_t seed);

struct RunResult {
  std::string complaints{};  // empty: all is well
  std::string trace{};
  std::size_t received = 0;
};
RunResult run(std::uint64_t seed, const RunForm& form);

}  // namespace mqz::simulation
