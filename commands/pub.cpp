// `mqz pub`: the flags are in pub_options.h, their checks in pub_plan.cpp, the work in pub_run.cpp.
#include <csignal>

#include "commands/connection_options.h"
#include "commands/general_options.h"
#include "commands/pub_options.h"
#include "commands/pub_plan.h"
#include "commands/pub_run.h"
#include "commands/table.h"

namespace mqz::commands {
namespace {

int run_pub(const Parsed& parsed) {
  const auto plan = read_pub_plan(parsed);
  if (!plan) return report(parsed.path(), plan.error());
  auto signals = os::Signals::open({SIGINT, SIGTERM, SIGHUP});
  auto poller = os::Poller::open();
  if (!signals) return report(parsed.path(), stop_for(signals.error()));
  if (!poller) return report(parsed.path(), stop_for(poller.error()));
  return Publisher(*plan, parsed.path(), *poller, *signals).run();
}

constexpr Example examples[] = {
    {"mqz pub -t room/temp -m 21.5", "one message"},
    {"journalctl -f | mqz pub -t logs -q 1", "a message per line, none lost"},
    {"mqz pub", "type messages; an empty line ends"},
    {"mqz sub --json -t 'a/#' | mqz pub --json -h other", "copy messages to another broker"},
    {"mqz pub -t lamp/get -m state --response-topic me/1 --wait -W 5", "ask and print the answer"},
};

constexpr ExitRow exits[] = {
    {Exit::failed,
     "some messages were refused, may not have arrived, or did not come back (--verify)"},
    {Exit::timed_out, "no answer to --wait within -W"},
    {Exit::bad_input, "input that is no message; the lines before it were sent"},
    {Exit::unreadable, "--file, --password-file, --config or stdin cannot be read"},
    {Exit::unreachable, "the server cannot be reached, or acknowledges nothing"},
    {Exit::refused, "the server refused the connection, or every message"},
};

constexpr OptionTable pub_tables[] = {pub_options, connection_options, later_connection_options,
                                      general_options};

}  // namespace

constinit const Command pub_command{
    .name = "pub",
    .summary = "send messages to a topic",
    .usage = "[flags] [-t TOPIC] [-m TEXT | -f FILE | -s | -l | -n | --json]",
    .examples = examples,
    .tables = pub_tables,
    .run = run_pub,
    .notes =
        "Without a payload flag, every line of stdin is a message; on a terminal it prompts.\n"
        "With QoS 1 and 2 the status is 0 only if every message was acknowledged; otherwise it\n"
        "says how many of how many. A connection that is lost is made again, and what was not\n"
        "acknowledged is sent again.",
    .exits = exits,
    .by_signal = "signal n ended it",
};

}  // namespace mqz::commands
