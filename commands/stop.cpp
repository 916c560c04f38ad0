#include "commands/stop.h"

#include <fmt/core.h>

#include <cstdio>

#include "lib/base/one_line.h"

namespace mqz::commands {

void say(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

void note(std::string_view path, std::string_view text) {
  say(fmt::format("mqz{}{}: {}\n", path.empty() ? "" : " ", path, one_line(text)));
}

int report(std::string_view path, const Stop& stop) {
  note(path, stop.text);
  if (!stop.hint.empty()) say(fmt::format("  hint: {}\n", one_line(stop.hint)));
  return static_cast<int>(stop.code);
}

}  // namespace mqz::commands
