// `mqz sub`: the flags are in sub_options.h, their checks in sub_plan.cpp, the work in sub_run.cpp.
#include <csignal>

#include "commands/connection_options.h"
#include "commands/general_options.h"
#include "commands/sub_options.h"
#include "commands/sub_plan.h"
#include "commands/sub_run.h"
#include "commands/table.h"

namespace mqz::commands {
namespace {

int run_sub(const Parsed& parsed) {
  const auto plan = read_sub_plan(parsed);
  if (!plan) return report(parsed.path(), plan.error());
  auto signals = os::Signals::open({SIGINT, SIGTERM, SIGHUP});
  auto poller = os::Poller::open();
  if (!signals) return report(parsed.path(), stop_for(signals.error()));
  if (!poller) return report(parsed.path(), stop_for(poller.error()));
  return Subscriber(*plan, parsed.path(), *poller, *signals).run();
}

constexpr Example examples[] = {
    {"mqz sub -t 'room/+/temp' -v", "topics and payloads, until Ctrl-C"},
    {"mqz sub -t state --one -W 5", "one message, or status 27 after 5 seconds"},
    {"mqz sub -t '#' -F '%I %t %l'", "time, topic and length of everything"},
    {"mqz sub -t jobs -q 1 --group workers -C 1", "take one job from a group"},
    {"mqz sub -t 'cam/#' --dump pictures", "each message in a file of its own"},
    {"mqz sub -t alarm --exec 'mail -s \"$MQZ_MESSAGE_TOPIC\" me'", "a command per message"},
    {"mqz sub -t 'old/#' --remove-retained --retained-only --idle 1 --dry-run",
     "what would be cleared"},
};
constexpr ExitRow exits[] = {
    {Exit::done, "done; also when SIGINT or SIGTERM ends it without -C"},
    {Exit::failed, "some subscriptions, removals or commands failed"},
    {Exit::timed_out, "-W ran out, or --idle before -C messages had come"},
    {Exit::unreadable, "--password-file or --config cannot be read"},
    {Exit::unreachable, "the server cannot be reached, or was lost with --no-reconnect"},
    {Exit::io, "standard output or a file of --dump cannot be written"},
    {Exit::refused, "the server refused the connection, or every subscription"},
};

constexpr OptionTable sub_tables[] = {sub_options, connection_options, later_connection_options,
                                      general_options};

}  // namespace

constinit const Command sub_command{
    .name = "sub",
    .summary = "print the messages of topics",
    .usage = "[flags] [-t FILTER]...",
    .examples = examples,
    .tables = sub_tables,
    .run = run_sub,
    .notes =
        "Prints until Ctrl-C, -C, -W or --idle. As in mosquitto_sub, an empty message prints "
        "nothing\n"
        "in the plain form. A message of QoS 1 or 2 is acknowledged after it was written, and -C\n"
        "leaves what follows the last one unacknowledged. Messages for --exec and --translate wait "
        "in a\n"
        "queue, acknowledged; a signal lets it come to its end, a second one does not. Over ws://\n"
        "messages are acknowledged when they arrive.",
    .exits = exits,
    .by_signal = "signal n came before -C messages",
};

}  // namespace mqz::commands
