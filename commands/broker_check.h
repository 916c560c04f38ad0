// Can what a broker's configuration names be used on this machine? For --check-config.
#pragma once

#include <string>
#include <vector>

#include "lib/broker/config/config.h"

namespace mqz::commands {

// What would keep a broker from starting: one line each, "pid_file /run/x/y.pid: /run/x: No such
// file or directory". Looks at the directories of the pid_file, the log and the store (`store` is
// its broker/; empty: none), and at the listeners' names and addresses; creates nothing. A port or
// a store that is in use is no fault: the broker whose file this is may be running.
std::vector<std::string> check_surroundings(const broker::Config& config, const std::string& store);

}  // namespace mqz::commands
