#include "commands/broker_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <thread>

#include "commands/store_place.h"
#include "commands/values.h"
#include "lib/broker/config/load.h"
#include "lib/os/files.h"

namespace mqz::commands {
namespace {

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
  if (!options.directory.empty()) options.repair_command = repair_command(options.directory);
  if (parsed.has("store-snapshot-bytes"))
    options.snapshot_bytes = static_cast<std::uint64_t>(parsed.integer("store-snapshot-bytes"));
  const std::string_view when = parsed.text("durability");
  if (parsed.typed("durability") && parsed.text("store") == "none") {
    return stop(Exit::usage, "--durability says how a store keeps, and --store none has none",
                "one of the two");
  }
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

}  // namespace

Checked<BrokerPlan> read_broker_plan(const Parsed& parsed) {
  auto config = read_config(parsed);
  if (!config) return tl::unexpected(config.error());
  auto store = store_options(parsed, *config);
  if (!store) return tl::unexpected(store.error());
  return BrokerPlan{*std::move(config), *std::move(store)};
}

broker::ServerOptions server_options(const Parsed& parsed, const BrokerPlan& plan) {
  const broker::Config& config = plan.config;
  const auto cores = std::max(1U, std::thread::hardware_concurrency());
  broker::ServerOptions options{
      .settings = broker::settings_for(config, config.listeners.front()),
      .log = config.log,
      .sys_interval_s = config.sys_interval_s,
      .version = MQZ_VERSION,
      .store = plan.store,
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

}  // namespace mqz::commands
