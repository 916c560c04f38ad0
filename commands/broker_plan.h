// What `mqz broker` is to do, as its flags and its configuration file say. Nothing is opened yet
// but the file.
#pragma once

#include "commands/parsed.h"
#include "lib/broker/config/config.h"
#include "lib/broker/server.h"

namespace mqz::commands {

struct BrokerPlan {
  broker::Config config{};
  broker::StoreOptions store{};
};

// What is wrong in the file is printed, line by line; the Stop is for all of it.
Checked<BrokerPlan> read_broker_plan(const Parsed& parsed);

broker::ServerOptions server_options(const Parsed& parsed, const BrokerPlan& plan);

}  // namespace mqz::commands
