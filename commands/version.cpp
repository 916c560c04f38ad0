#include "commands/version.h"

#include <fmt/core.h>

#include <cstdio>

#include "commands/general_options.h"
#include "commands/parsed.h"
#include "commands/table.h"

namespace mqz::commands {

namespace {

constexpr Option own_options[] = {
    {.name = "json", .group = "output", .doc = "one JSON object", .scope = Scope::nowhere},
};
constexpr OptionTable tables[] = {own_options, general_options};
constexpr Example examples[] = {{"mqz version --json", "for scripts"}};

std::string json() {
  return fmt::format(R"({{"name":"mqz","version":"{}","build_type":"{}","compiler":"{}"}})"
                     "\n",
                     MQZ_VERSION, MQZ_BUILD_TYPE, __VERSION__);
}

int run_version(const Parsed& parsed) {
  return print(parsed.flag("json") ? json() : version_line());
}

}  // namespace

constinit const Command version_command{
    .name = "version",
    .summary = "show the version and how this was built",
    .usage = "[--json]",
    .examples = examples,
    .tables = tables,
    .run = run_version,
};

std::string version_line() { return fmt::format("mqz {}\n", MQZ_VERSION); }

int print(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  return written && std::fflush(stdout) == 0 ? 0 : static_cast<int>(Exit::io);
}

}  // namespace mqz::commands
