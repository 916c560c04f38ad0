#include "commands/broker_run.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "commands/broker_listeners.h"
#include "commands/store_place.h"
#include "lib/os/errno_text.h"
#include "lib/os/signals.h"

namespace mqz::commands {
namespace {

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
      return fmt::format(
          "durable within {} ms: what is acknowledged is written to {}, and on the disk at most "
          "that much later",
          store.interval.count(), store.directory);
    case storage::Durability::none:
      return fmt::format(
          "not durable: what is acknowledged is written to {}, and survives any end of the broker, "
          "but no power cut",
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

// What has ended a broker that ran.
Stop stop_for_failure(const Error& failure) {
  return {Exit::io, failure.text, "nothing was acknowledged after it"};
}

// With store_recovery salvage: what that has cost.
void note_repair(const Parsed& parsed, const broker::Server& server) {
  if (!server.repaired()) return;
  note(parsed.path(), "the store was damaged, and was repaired (store_recovery salvage)");
  for (const storage::LostRange& lost : server.repaired()->lost)
    note(parsed.path(), storage::text_of(lost));
}

}  // namespace

int serve_broker(const Parsed& parsed, const BrokerPlan& plan) {
  auto signals = os::Signals::open({SIGTERM, SIGINT, SIGHUP});
  if (!signals) return report(parsed.path(), stop_for(signals.error()));
  auto listeners = open_listeners(plan.config);
  if (!listeners) return report(parsed.path(), listeners.error());
  std::vector<std::string> lines;
  for (const os::Listener& listener : listeners->sockets) {
    lines.push_back("listening on " + listener.address.text);
  }
  auto server = broker::Server::open(server_options(parsed, plan), std::move(listeners->sockets),
                                     std::move(listeners->of));
  if (!server) return report(parsed.path(), stop_without_store(server.error(), plan.store));
  PidFile pid_file(plan.config.pid_file);
  if (!pid_file.write()) {
    return report(parsed.path(),
                  Stop{Exit::io, fmt::format("cannot write {}: {}", plan.config.pid_file,
                                             os::errno_text(errno))});
  }
  note_repair(parsed, **server);
  note(parsed.path(), promise_of(plan.store));
  (*server)->start();
  for (const std::string& line : lines) note(parsed.path(), line);
  wait_for_end(*signals, **server);
  (*server)->stop();
  const auto failure = (*server)->failure();
  return failure ? report(parsed.path(), stop_for_failure(*failure)) : static_cast<int>(Exit::done);
}

}  // namespace mqz::commands
