// Which server the connection flags name: --host and --port, --url, --unix or --backend, each from
// a flag, the environment or the file.
#pragma once

#include "commands/messaging.h"

namespace mqz::commands {

// The strongest source counts; two flags that contradict each other are an error. Also sets what a
// URL says besides: the carrier, who logs in, the topic, the path, the database.
Checked<void> read_server(const Parsed& parsed, Messaging& to);

}  // namespace mqz::commands
