// The command line of the bare relay: mqz_relay PORT [drop|duplicate|swap EVERY | sync FILE]
#include <fmt/core.h>

#include <cstdlib>
#include <string_view>

#include "tests/bench/relay/relay.h"

namespace mqz::bench {
namespace {

Fault fault_named(std::string_view name) {
  if (name == "drop") return Fault::drop;
  if (name == "duplicate") return Fault::duplicate;
  if (name == "swap") return Fault::swap;
  die(fmt::format("{}: drop, duplicate or swap", name));
}

RelayOptions read_options(int argc, char** argv) {
  if (argc != 2 && argc != 4) die("usage: mqz_relay PORT [drop|duplicate|swap EVERY | sync FILE]");
  RelayOptions options;
  options.address.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  if (argc == 4 && std::string_view(argv[2]) == "sync") {
    options.log_path = argv[3];
  } else if (argc == 4) {
    options.fault = fault_named(argv[2]);
    options.every = static_cast<std::uint64_t>(std::atoll(argv[3]));
    if (options.every == 0) die("EVERY must be above 0");
  }
  return options;
}

}  // namespace
}  // namespace mqz::bench

int main(int argc, char** argv) {
  mqz::bench::raise_descriptor_limit();
  mqz::bench::Relay(mqz::bench::read_options(argc, argv)).run();
}
