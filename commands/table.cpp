#include "commands/table.h"

namespace mqz::commands {

namespace {

// They come with a later part: known, so that they are not taken for typing errors.
constexpr Command elect_command{.name = "elect",
                                .summary = "campaign to be leader, run a command while leading"};
constexpr Command lock_command{.name = "lock", .summary = "run a command while holding a lock"};
constexpr Command replog_command{.name = "replog",
                                 .summary = "a replicated, replayable message log"};
constexpr Command informer_command{.name = "informer",
                                   .summary = "mirror resources to where they are needed"};

constexpr const Command* commands_in_order[] = {
    &broker_command,  &pub_command,        &sub_command,      &elect_command,
    &lock_command,    &replog_command,     &informer_command, &help_command,
    &version_command, &completion_command, &complete_command,
};

}  // namespace

std::span<const Command* const> all_commands() { return commands_in_order; }

}  // namespace mqz::commands
