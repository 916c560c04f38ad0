#include "commands/table.h"

namespace mqz::commands {

namespace {

// They come with a later part: known, so that they are not taken for typing errors.
constexpr Command kElect{.name = "elect", .summary = "campaign to be leader, run a command while leading"};
constexpr Command kLock{.name = "lock", .summary = "run a command while holding a lock"};
constexpr Command kReplog{.name = "replog", .summary = "a replicated, replayable message log"};
constexpr Command kInformer{.name = "informer", .summary = "mirror resources to where they are needed"};

constexpr const Command* kAll[] = {
    &broker_command, &pub_command,  &sub_command,     &kElect,
    &kLock,          &kReplog,      &kInformer,       &help_command,
    &version_command, &completion_command, &complete_command,
};

}  // namespace

std::span<const Command* const> all_commands() { return kAll; }

}  // namespace mqz::commands
