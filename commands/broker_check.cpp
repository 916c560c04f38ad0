#include "commands/broker_check.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "lib/broker/config/words.h"
#include "lib/os/errno_text.h"
#include "lib/os/socket.h"

namespace mqz::commands {
namespace {

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Why nothing can be made in this directory; empty: something can.
std::string why_not_in(const std::string& directory) {
  struct stat about {};
  if (::stat(directory.c_str(), &about) != 0)
    return fmt::format("{}: {}", directory, os::errno_text(errno));
  if (!S_ISDIR(about.st_mode)) return fmt::format("{}: {}", directory, os::errno_text(ENOTDIR));
  if (::access(directory.c_str(), W_OK | X_OK) != 0)
    return fmt::format("{}: {}", directory, os::errno_text(errno));
  return {};
}

// Why this file cannot be written, be it there or not.
std::string why_not_file(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0)
    return errno == ENOENT ? why_not_in(parent_of(path)) : os::errno_text(errno);
  if (S_ISDIR(about.st_mode)) return os::errno_text(EISDIR);
  return ::access(path.c_str(), W_OK) == 0 ? std::string{} : os::errno_text(errno);
}

// The broker makes what is missing of the way to its store.
std::string why_not_store(const std::string& directory) {
  std::string nearest = directory;
  while (::access(nearest.c_str(), F_OK) != 0 && errno == ENOENT && nearest != "/" &&
         nearest != ".")
    nearest = parent_of(nearest);
  return why_not_in(nearest);
}

// At any free port: whether the address is one of this machine.
std::string why_not_listener(const broker::Listener& listener) {
  if (!listener.unix_path.empty()) return why_not_in(parent_of(listener.unix_path));
  if (listener.address.empty() || !listener.is_required) return {};
  const auto addresses = os::resolve(listener.address, 0);
  if (!addresses) return addresses.error().text;
  std::string why;
  for (const os::Address& address : *addresses) {
    const auto opened = os::listen_on(address, false);
    if (opened) return {};
    why = opened.error().text;
  }
  return why;
}

// `store` is its broker/; empty: none.
std::vector<std::string> check_surroundings(const broker::Config& config,
                                            const std::string& store) {
  std::vector<std::string> found;
  const auto add = [&](std::string_view what, const std::string& name, const std::string& why) {
    if (!why.empty()) found.push_back(fmt::format("{} {}: {}", what, name, why));
  };
  for (const broker::Listener& listener : config.listeners) {
    const std::string& name = listener.unix_path.empty() ? listener.address : listener.unix_path;
    const std::string what = listener.from.empty() ? "listener" : listener.from + ": listener";
    add(what, name, why_not_listener(listener));
  }
  if (!config.pid_file.empty()) add("pid_file", config.pid_file, why_not_file(config.pid_file));
  if (!config.log.file.empty())
    add("log_dest file", config.log.file, why_not_file(config.log.file));
  if (!store.empty()) add("the store", store, why_not_store(store));
  return found;
}

void print_other_defaults() {
  fmt::print("words whose default is not Mosquitto's:\n");
  for (const broker::Word& word : broker::words()) {
    if (!word.differs.empty()) fmt::print("  {} {}: {}\n", word.name, word.standard, word.differs);
  }
}

}  // namespace

int check_broker(const Parsed& parsed, const BrokerPlan& plan) {
  const std::string_view file =
      parsed.has("config-file") ? parsed.text("config-file") : "built-in settings";
  const std::vector<std::string> found = check_surroundings(plan.config, plan.store.directory);
  for (const std::string& text : found) note(parsed.path(), text);
  if (!found.empty()) {
    return report(parsed.path(), Stop{Exit::configuration,
                                      fmt::format("{}: not to be used on this machine", file)});
  }
  fmt::print("{}: no errors\n", file);
  print_other_defaults();
  return static_cast<int>(Exit::done);
}

}  // namespace mqz::commands
