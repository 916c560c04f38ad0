// `mqz broker --check-config`: can what the configuration names be used on this machine?
#pragma once

#include "commands/broker_plan.h"

namespace mqz::commands {

// Says what would keep a broker from starting, one line each: "pid_file /run/x/y.pid: /run/x: No
// such file or directory"; else which defaults are not Mosquitto's. Looks at the directories of the
// pid_file, the log and the store, and at the listeners' names and addresses; creates nothing. A
// port or a store that is in use is no fault: the broker whose file this is may be running. Returns
// the status to end with.
int check_broker(const Parsed& parsed, const BrokerPlan& plan);

}  // namespace mqz::commands
