// From argv to the command that runs.
#pragma once

namespace mqz::commands {

// Returns the exit status. Secrets among the arguments are overwritten in `argv` itself, so that
// they do not show in lists of processes.
int dispatch(int argc, char** argv, char** environment);

}  // namespace mqz::commands
