// Where stores are, and what their errors mean for a command.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "commands/stop.h"
#include "lib/os/disk.h"

namespace mqz::commands {

// Where this program keeps what nobody has named a place for: $STATE_DIRECTORY (a service's), else
// $XDG_STATE_HOME/mqz, else ~/.local/state/mqz, else /var/lib/mqz.
std::string default_store();
// The broker's part of --store DIR.
std::string broker_part(std::string_view store);
// The store that DIR means: the broker's part of it, or DIR itself if it is one.
Checked<std::string> find_store(os::Disk& disk, const std::string& directory);
// The same, of a format that this program reads.
Checked<std::string> readable_store(os::Disk& disk, const std::string& directory);

// `directory` is the broker's part. A damaged one has the command that repairs it as the hint.
Stop stop_for_store(const Error& error, std::string_view directory);
std::string repair_command(std::string_view directory);

}  // namespace mqz::commands
