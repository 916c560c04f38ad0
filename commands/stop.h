// What ends a command before its work is done: the status to exit with and what to say on stderr.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "commands/exit_codes.h"
#include "lib/base/error.h"

namespace mqz::commands {

struct [[nodiscard]] Stop {
  Exit code = Exit::failed;
  std::string text{};  // lower case: object and reason
  std::string hint{};  // what to do about it, one line; may be empty
};

template <typename T>
using Checked = tl::expected<T, Stop>;

inline tl::unexpected<Stop> stop(Exit code, std::string text, std::string hint = {}) {
  return tl::unexpected<Stop>(Stop{code, std::move(text), std::move(hint)});
}

inline Stop stop_for(Error error) {
  return Stop{exit_for(error.code), std::move(error.text), std::move(error.hint)};
}

// Prints the text as it is on stderr. That nobody can read it is no reason to fail (fmt's print
// throws).
void say(std::string_view text);

// Prints "mqz pub: text" and the indented hint on stderr; returns the exit status. `path` is the
// command as typed: "pub", "broker passwd"; empty for mqz itself.
int report(std::string_view path, const Stop& stop);

// Prints "mqz pub: text" on stderr: a note or a warning that ends nothing.
void note(std::string_view path, std::string_view text);

}  // namespace mqz::commands
