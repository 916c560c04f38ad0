#include "commands/stop.h"

#include <fmt/core.h>

#include <cstdio>

namespace mqz::commands {

void note(std::string_view path, std::string_view text) {
  fmt::print(stderr, "mqz{}{}: {}\n", path.empty() ? "" : " ", path, text);
}

int report(std::string_view path, const Stop& stop) {
  note(path, stop.text);
  if (!stop.hint.empty()) fmt::print(stderr, "  hint: {}\n", stop.hint);
  return static_cast<int>(stop.code);
}

}  // namespace mqz::commands
