#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "commands/broker_check.h"
#include "commands/broker_store.h"
#include "commands/general_options.h"
#include "commands/parsed.h"
#include "commands/store_place.h"
#include "commands/table.h"
#include "commands/values.h"
#include "lib/broker/config/load.h"
#include "lib/broker/config/words.h"
#include "lib/broker/server.h"
#include "lib/os/errno_text.h"
#include "lib/os/files.h"
#include "lib/os/signals.h"

namespace mqz::commands {
namespace {

constexpr Option broker_options[] = {
    {.name = "config-file",
     .letter = 'c',
     .value = "FILE",
     .type = ValueType::file,
     .group = "broker",
     .doc = "settings in the words of mosquitto.conf; without it 127.0.0.1:1883 and [::1]:1883",
     .scope = Scope::command},
    {.name = "port",
     .letter = 'p',
     .value = "PORT",
     .type = ValueType::integer,
     .group = "broker",
     .doc = "listen here instead of 1883, on 127.0.0.1 and [::1]; not with --config-file; 0: any "
            "free port",
     .scope = Scope::command,
     .min = 0,
     .max = 65535},
    {.name = "threads",
     .value = "N",
     .type = ValueType::integer,
     .group = "broker",
     .doc = "shards, each with a thread of its own; by default one per core",
     .scope = Scope::command,
     .min = 1,
     .max = broker::shards_max},
    {.name = "placement",
     .value = "HOW",
     .type = ValueType::choice,
     .group = "broker",
     .doc = "how clients are spread over the shards: pack uses no more than the load needs",
     .fallback = "pack",
     .scope = Scope::command,
     .choices = "pack|spread"},
    {.name = "store",
     .value = "DIR",
     .type = ValueType::text,
     .group = "broker",
     .doc = "keep sessions, queues and retained messages in broker/ of this directory; none: in "
            "memory only; by default the user's or the service's place for state, as below",
     .scope = Scope::command},
    {.name = "durability",
     .value = "WHEN",
     .type = ValueType::text,
     .group = "broker",
     .doc = "when a kept message is acknowledged: sync (it is on the disk), interval:50ms (it is "
            "written, and on the disk at most that much later), none (it is written)",
     .fallback = "sync",
     .scope = Scope::command},
    {.name = "store-snapshot-bytes",  // of tests: snapshots without much to write
     .value = "BYTES",
     .type = ValueType::integer,
     .group = "broker",
     .doc = "take a snapshot when the journal has grown by this much",
     .scope = Scope::command,
     .hidden = true},
    {.name = "check-config",
     .group = "broker",
     .doc = "read the file, say what is wrong with it or cannot be used on this machine, and end",
     .scope = Scope::command},
};

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
    "opened unless store_recovery is salvage.";

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

// Empty: nothing is kept. Who names a store on the command line means it, whatever the file says.
std::string store_directory(const Parsed& parsed, const broker::Config& config) {
  const std::string named(parsed.text("store"));
  if (!named.empty()) return named == "none" ? std::string{} : named;
  if (!config.persistence) return {};
  return config.persistence_location.empty() ? default_store()
                                             : config.persistence_location + "/mqz";
}

constexpr Millis interval_max{60'000};  // longer is a slip: interval:50 is 50 seconds

// sync, none, interval or interval:TIME.
Checked<broker::StoreOptions> store_options(const Parsed& parsed, const broker::Config& config) {
  broker::StoreOptions options{.salvages = config.salvages_store};
  if (parsed.has("store") && parsed.text("store").empty())
    return stop(Exit::usage, "--store: the directory is empty", "--store none keeps nothing");
  if (const std::string store = store_directory(parsed, config); !store.empty())
    options.directory = broker_part(store);
  if (parsed.has("store-snapshot-bytes"))
    options.snapshot_bytes = static_cast<std::uint64_t>(parsed.integer("store-snapshot-bytes"));
  const std::string_view when = parsed.text("durability");
  if (when == "sync") return options;
  if (when == "none") {
    options.durability = storage::Durability::none;
    return options;
  }
  constexpr std::string_view timed = "interval:";
  const auto interval = when == "interval"        ? std::optional(options.interval)
                        : when.starts_with(timed) ? parse_duration(when.substr(timed.size()))
                                                  : std::nullopt;
  if (!interval) {
    return stop(Exit::usage, fmt::format("--durability {}: not a durability", when),
                "it is one of sync, interval:50ms, none");
  }
  if (*interval < Millis(1) || *interval > interval_max) {
    return stop(Exit::usage, fmt::format("--durability {}: not from 1ms to 60s", when),
                "a bare number is seconds, 50ms is milliseconds");
  }
  options.durability = storage::Durability::interval;
  options.interval = *interval;
  return options;
}

// Prints what was found; the first error as the reason to stop.
Checked<broker::Config> read_config(const Parsed& parsed) {
  if (!parsed.has("config-file")) {
    broker::Config config = broker::default_config();
    if (parsed.has("port")) {
      for (broker::Listener& listener : config.listeners) {
        listener.port = static_cast<std::uint16_t>(parsed.integer("port"));
      }
    }
    return config;
  }
  const std::string path(parsed.text("config-file"));
  broker::LoadedConfig loaded = broker::load_config(path, os::DiskFiles());
  if (loaded.is_unreadable) return stop(Exit::unreadable, loaded.findings.front().text);
  for (const broker::Finding& finding : loaded.findings) {
    const bool is_note = finding.severity == broker::Severity::note;
    if (is_note && parsed.flag("quiet")) continue;
    const std::string place = finding.place.text();
    note(parsed.path(),
         fmt::format("{}{}{}{}", place, place.empty() ? "" : ": ",
                     finding.severity == broker::Severity::warning ? "warning: " : "",
                     finding.text));
    if (!finding.hint.empty()) say(fmt::format("  hint: {}\n", finding.hint));
  }
  if (loaded.has_errors()) {
    return stop(Exit::configuration,
                fmt::format("{}: {}the errors above", path,
                            parsed.flag("check-config") ? "" : "not started because of "));
  }
  if (parsed.typed("port")) {
    return stop(Exit::usage, "--port goes without --config-file",
                "write 'listener PORT ADDRESS' in the file");
  }
  return loaded.config;
}

Checked<std::vector<os::Address>> addresses_of(const broker::Listener& listener) {
  if (!listener.unix_path.empty()) return std::vector{os::unix_address(listener.unix_path)};
  if (!listener.address.empty()) {
    auto found = os::resolve(listener.address, listener.port);
    if (!found) {
      Stop failure = stop_for(found.error());
      failure.code = Exit::failed;
      if (!listener.from.empty()) failure.text = fmt::format("{}: {}", listener.from, failure.text);
      return tl::unexpected(failure);
    }
    return *found;
  }
  std::vector<os::Address> all;
  for (const char* any : {"0.0.0.0", "::"}) {
    if (auto found = os::resolve(any, listener.port))
      all.insert(all.end(), found->begin(), found->end());
  }
  return all;
}

struct OpenListeners {
  std::vector<os::Listener> sockets{};
  std::vector<std::uint16_t> of{};  // which of the configuration's listeners each belongs to
};

Checked<OpenListeners> listen(const broker::Config& config) {
  OpenListeners open;
  std::uint16_t chosen_port = 0;  // for port 0: the system's choice for the first holds for all
  for (std::size_t index = 0; index < config.listeners.size(); ++index) {
    broker::Listener listener = config.listeners[index];
    if (listener.port == 0 && listener.unix_path.empty()) listener.port = chosen_port;
    auto addresses = addresses_of(listener);
    if (!addresses) return tl::unexpected(addresses.error());
    for (const os::Address& address : *addresses) {
      auto one = os::listen_on(address, config.tcp_nodelay);
      if (!one) {
        const bool is_spare = !listener.is_required || addresses->size() > 1;
        if (is_spare && one.error().code != ErrorCode::conflict) continue;  // no IPv6 here
        Stop failure = stop_for(one.error());
        failure.code = Exit::failed;
        return tl::unexpected(failure);
      }
      if (listener.unix_path.empty()) {
        const std::string& text = one->address.text;
        chosen_port = static_cast<std::uint16_t>(std::stoul(text.substr(text.rfind(':') + 1)));
      }
      open.sockets.push_back(std::move(*one));
      open.of.push_back(static_cast<std::uint16_t>(index));
    }
  }
  if (open.sockets.empty()) return stop(Exit::failed, "no listener could be opened");
  return open;
}

broker::ServerOptions server_options(const Parsed& parsed, const broker::Config& config) {
  const auto cores = std::max(1U, std::thread::hardware_concurrency());
  broker::ServerOptions options{
      .settings = broker::settings_for(config, config.listeners.front()),
      .log = config.log,
      .sys_interval_s = config.sys_interval_s,
      .version = MQZ_VERSION,
      .shard_count = static_cast<broker::ShardIndex>(
          parsed.has("threads") ? parsed.integer("threads")
                                : std::min<std::int64_t>(cores, broker::shards_max)),
      .placement = parsed.text("placement") == "spread" ? broker::Placement::spread
                                                        : broker::Placement::pack,
  };
  for (const broker::Listener& listener : config.listeners) {
    options.listener_settings.push_back(broker::settings_for(config, listener));
  }
  return options;
}

void print_other_defaults() {
  fmt::print("words whose default is not Mosquitto's:\n");
  for (const broker::Word& word : broker::words()) {
    if (!word.differs.empty()) fmt::print("  {} {}: {}\n", word.name, word.standard, word.differs);
  }
}

// The process id of a running broker; the file goes with the object.
class PidFile {
 public:
  explicit PidFile(const std::string& path) : path_(path) {}
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;
  ~PidFile() {
    if (is_written_) std::remove(path_.c_str());
  }
  // False, with errno: not written. Nothing to do without a path.
  bool write() {
    if (path_.empty()) return true;
    std::FILE* file = std::fopen(path_.c_str(), "we");
    if (file == nullptr) return false;
    is_written_ = true;
    fmt::print(file, "{}\n", getpid());
    return std::fclose(file) == 0;
  }

 private:
  std::string path_;
  bool is_written_ = false;
};

// SIGHUP: the log file by its name again, for logrotate.
void wait_for_end(const os::Signals& signals, broker::Server& server) {
  for (;;) {
    pollfd waiting[] = {{signals.fd(), POLLIN, 0}, {server.failure_fd(), POLLIN, 0}};
    poll(waiting, std::size(waiting), -1);
    if (server.failure()) return;
    while (const auto signal = signals.take()) {
      if (*signal == SIGTERM || *signal == SIGINT) return;
      if (auto reopened = server.log().reopen(); !reopened)
        server.log().write(broker::LogType::error, reopened.error().text);
    }
  }
}

// What a client may rely on, in one line.
std::string promise_of(const broker::StoreOptions& store) {
  if (store.directory.empty()) return "sessions, queues and retained messages are in memory only";
  switch (store.durability) {
    case storage::Durability::sync:
      return fmt::format("durable: what is acknowledged is on the disk, in {}", store.directory);
    case storage::Durability::interval:
      return fmt::format("durable within {} ms: what is acknowledged is written to {}",
                         store.interval.count(), store.directory);
    case storage::Durability::none:
      return fmt::format("written to {}: survives the broker's end, not the machine's",
                         store.directory);
  }
  return {};
}

// Two brokers on one machine, or one that may not write where stores are.
Stop stop_without_store(const Error& error, const broker::StoreOptions& store) {
  Stop stopped = stop_for_store(error, store.directory);
  if (error.text.find(store.directory) == std::string::npos) return stopped;
  constexpr std::string_view others =
      "--store DIR keeps it elsewhere, --store none keeps everything in memory";
  if (stopped.code == Exit::conflict)
    stopped.hint = fmt::format("a store has one broker at a time; {}", others);
  if (stopped.code == Exit::unreadable && stopped.hint.empty()) stopped.hint = others;
  return stopped;
}

// With store_recovery salvage: what that has cost.
void note_repair(const Parsed& parsed, const broker::Server& server) {
  if (!server.repaired()) return;
  note(parsed.path(), "the store was damaged, and was repaired (store_recovery salvage)");
  for (const storage::LostRange& lost : server.repaired()->lost)
    note(parsed.path(), storage::text_of(lost));
}

int run_check(const Parsed& parsed, const broker::Config& config, const std::string& store) {
  const std::string_view file =
      parsed.has("config-file") ? parsed.text("config-file") : "built-in settings";
  const std::vector<std::string> found = check_surroundings(config, store);
  for (const std::string& text : found) note(parsed.path(), text);
  if (!found.empty()) {
    return report(parsed.path(), Stop{Exit::configuration,
                                      fmt::format("{}: not to be used on this machine", file)});
  }
  fmt::print("{}: no errors\n", file);
  print_other_defaults();
  return static_cast<int>(Exit::done);
}

int run_broker(const Parsed& parsed) {
  auto config = read_config(parsed);
  if (!config) return report(parsed.path(), config.error());
  auto store = store_options(parsed, *config);
  if (!store) return report(parsed.path(), store.error());
  if (parsed.flag("check-config")) return run_check(parsed, *config, store->directory);
  auto signals = os::Signals::open({SIGTERM, SIGINT, SIGHUP});
  if (!signals) return report(parsed.path(), stop_for(signals.error()));
  auto listeners = listen(*config);
  if (!listeners) return report(parsed.path(), listeners.error());
  std::vector<std::string> lines;
  for (const os::Listener& listener : listeners->sockets) {
    lines.push_back("listening on " + listener.address.text);
  }
  broker::ServerOptions options = server_options(parsed, *config);
  options.store = *store;
  auto server = broker::Server::open(std::move(options), std::move(listeners->sockets),
                                     std::move(listeners->of));
  if (!server) return report(parsed.path(), stop_without_store(server.error(), *store));
  PidFile pid_file(config->pid_file);
  if (!pid_file.write()) {
    return report(parsed.path(), Stop{Exit::io, fmt::format("cannot write {}: {}", config->pid_file,
                                                            os::errno_text(errno))});
  }
  note_repair(parsed, **server);
  note(parsed.path(), promise_of(*store));
  (*server)->start();
  for (const std::string& line : lines) note(parsed.path(), line);
  wait_for_end(*signals, **server);
  (*server)->stop();
  if (const auto failure = (*server)->failure()) {
    if (failure->code == ErrorCode::corrupt)
      return report(parsed.path(), stop_for_store(*failure, store->directory));
    return report(parsed.path(),
                  Stop{Exit::io, failure->text, "nothing was acknowledged after it"});
  }
  return static_cast<int>(Exit::done);
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
