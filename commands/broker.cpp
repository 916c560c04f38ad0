// `mqz broker`: the flags are in broker_options.h, what they and the configuration file mean in
// broker_plan.cpp, the work in broker_run.cpp.
#include "commands/broker_check.h"
#include "commands/broker_options.h"
#include "commands/broker_plan.h"
#include "commands/broker_run.h"
#include "commands/broker_store.h"
#include "commands/general_options.h"
#include "commands/parsed.h"
#include "commands/table.h"

namespace mqz::commands {
namespace {

constexpr Example broker_examples[] = {
    {.line = "mqz broker", .doc = "on this machine only, port 1883"},
    {.line = "mqz broker -p 1884 --store none", .doc = "another one, which keeps nothing"},
    {.line = "mqz broker -c /etc/mosquitto/mosquitto.conf",
     .doc = "as a mosquitto would be configured"},
    {.line = "mqz broker -c mqz.conf --check-config", .doc = "is the file right?"},
};

constexpr std::string_view broker_notes =
    "SIGTERM and Ctrl-C end it within a second: every client is told, and the status is 0.\n"
    "SIGHUP opens the log file anew. Sessions, queues and retained messages are kept, and what is\n"
    "acknowledged is on the disk: in --store DIR, else in mqz/ of the file's "
    "persistence_location,\n"
    "else in $STATE_DIRECTORY (a service's, /var/lib/mqz), else $XDG_STATE_HOME/mqz, else\n"
    "~/.local/state/mqz. --store none, or 'persistence false' in the file, keeps all in memory:\n"
    "it is gone when the broker ends. One broker at a time has a store. A damaged one is not\n"
    "opened unless store_recovery is salvage. A damaged message in a long queue stops only its\n"
    "client, until somebody accepts its loss (mqz broker store repair).";

constexpr ExitRow broker_exits[] = {
    {Exit::done, "SIGTERM or SIGINT ended it; --check-config found no error"},
    {Exit::failed, "a port is in use, or an address cannot be listened on"},
    {Exit::bad_input, "the store is damaged, or a newer mqz wrote it"},
    {Exit::unreadable, "--config-file, --config or the store cannot be read"},
    {Exit::io, "the log, the pid_file or the store cannot be written"},
    {Exit::conflict, "another broker has the store"},
    {Exit::configuration, "the configuration is wrong"},
};

constexpr const Command* broker_verbs[] = {&broker_store_command};

constexpr OptionTable broker_tables[] = {broker_options, general_options};

int run_broker(const Parsed& parsed) {
  const auto plan = read_broker_plan(parsed);
  if (!plan) return report(parsed.path(), plan.error());
  return parsed.flag("check-config") ? check_broker(parsed, *plan) : serve_broker(parsed, *plan);
}

}  // namespace

constinit const Command broker_command{.name = "broker",
                                       .summary = "run an MQTT broker",
                                       .usage = "[flags], or mqz broker VERB",
                                       .examples = broker_examples,
                                       .tables = broker_tables,
                                       .verbs = broker_verbs,
                                       .run = run_broker,
                                       .notes = broker_notes,
                                       .exits = broker_exits};

}  // namespace mqz::commands
