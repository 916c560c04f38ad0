// A scenario again, with sessions that outlive their connections.
#pragma once

#include "tests/scenario/transcript.h"

namespace mqz::scenario {

// Every client id that it does not give a durable session gets one with its first CONNECT. What it
// expects may not come then.
Scenario with_durable_sessions(Scenario scenario);

}  // namespace mqz::scenario
