// `mqz broker` at work: from the sockets and the store to the signal that ends it.
#pragma once

#include "commands/broker_plan.h"

namespace mqz::commands {

// Returns the status to end with; what is wrong has been told.
int serve_broker(const Parsed& parsed, const BrokerPlan& plan);

}  // namespace mqz::commands
