// What the program's exit status says. Scripts rely on these numbers; the help of a command lists
// those it can end with, in its own words.
#pragma once

#include <string_view>

#include "lib/base/error.h"

namespace mqz::commands {

enum class Exit : int {
  done = 0,
  failed = 1,
  usage = 2,
  timed_out = 27,
  bad_input = 65,
  unreadable = 66,
  unreachable = 69,
  bug = 70,
  fenced = 73,
  io = 74,
  conflict = 75,
  refused = 77,
  configuration = 78,
  not_locked = 124,
};

struct ExitRow {
  Exit code{};
  std::string_view meaning{};
};

// All of them, for `mqz --help`.
inline constexpr ExitRow exit_rows[] = {
    {Exit::done,
     "done; also when SIGINT or SIGTERM ends a broker or an endless sub, tail or watch"},
    {Exit::failed, "failed in part; free or not leader; a port in use"},
    {Exit::usage, "wrong usage"},
    {Exit::timed_out, "-W ran out"},
    {Exit::bad_input, "corrupt or bad input"},
    {Exit::unreadable, "input that cannot be read"},
    {Exit::unreachable, "broker or backend not reachable"},
    {Exit::bug, "a bug in mqz"},
    {Exit::fenced, "fenced: somebody newer holds it"},
    {Exit::io, "input/output error or disk full"},
    {Exit::conflict, "conflict, or the store is in use"},
    {Exit::refused, "refused or not authorised"},
    {Exit::configuration, "configuration error"},
    {Exit::not_locked, "lock not acquired"},
};
// Any command can end with these.
inline constexpr ExitRow common_exits[] = {
    {Exit::done, "done"},
    {Exit::usage, "wrong usage"},
    {Exit::unreadable, "the file of --config cannot be read"},
    {Exit::bug, "a bug in mqz"},
    {Exit::io, "standard output cannot be written"},
    {Exit::configuration, "the configuration file is wrong"},
};
// Besides: 128+n when signal n stopped the work before it was done.

// The status for a library's error that nothing more precise is known about.
constexpr Exit exit_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid: return Exit::usage;
    case ErrorCode::not_found: return Exit::unreadable;
    case ErrorCode::conflict: return Exit::conflict;
    case ErrorCode::timeout: return Exit::unreachable;
    case ErrorCode::unavailable: return Exit::unreachable;
    case ErrorCode::refused: return Exit::refused;
    case ErrorCode::corrupt: return Exit::bad_input;
    case ErrorCode::io: return Exit::io;
  }
  return Exit::bug;
}

}  // namespace mqz::commands
