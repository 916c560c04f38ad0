// The rows that describe a command line: one Option per flag, one Command per command. Parsing,
// --help, suggestions, shell completion and manual pages are all read from these rows, so a flag
// that has a row has everything. The rows are constant data; every string_view points at a literal.
//
// To add a flag: add a row to a table of the command. To add a command: define it in
// commands/x.cpp, declare it in commands/table.h, list it in table.cpp. A whole command:
//
//   constexpr Option own_options[] = {
//       {.name = "qos", .letter = 'q', .value = "QOS", .type = ValueType::choice, .group =
//       "message",
//        .doc = "quality of service", .fallback = "0", .choices = "0|1|2"},
//   };
//   constexpr OptionTable tables[] = {own_options, connection_options, general_options};
//   int run_x(const Parsed& parsed) {
//     if (parsed.text("host").empty()) return report(parsed.path(), {Exit::usage, "--host is
//     empty"});
//     ... parsed.text("qos"), parsed.duration("keepalive"), parsed.flag("quiet") ...
//   }
//   constinit const Command x_command{.name = "x", .summary = "...", .usage = "[flags]",
//                                     .examples = examples, .tables = tables, .run = run_x};
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "commands/exit_codes.h"

namespace mqz::commands {

class Parsed;

enum class ValueType : unsigned char {
  flag,      // takes no value, may be repeated; `--name=false`, MQZ_NAME=false and `name = false`
             // turn it off
  text,      // anything, the empty text too
  integer,   // within [min, max]
  duration,  // "500ms", "5s", "2m", "1h"; a bare number is seconds, a fraction is welcome
  size,      // bytes: "64", "64K", "10M", "1G" by 1024, "10kB" by 1000
  choice,    // one of `choices`
  file,      // a path; "-" is stdin or stdout
  url,       // a password inside it is never shown
  property,  // COMMAND NAME VALUE or, for user-property, COMMAND NAME KEY VALUE: three or four
             // words
};

// Where else than on the command line an option can be set.
enum class Scope : unsigned char {
  command,      // MQZ_<COMMAND>_<FLAG>, and a key in the command's section of the file
  shared,       // MQZ_<FLAG>, and a key in the command's section or above all sections
  environment,  // MQZ_<FLAG> only
  nowhere,
};

struct Option {
  std::string_view
      name{};       // "connect-timeout": the long flag, and the key in the configuration file
  char letter = 0;  // 'q' for -q; 0 for none
  std::string_view value{};  // what help calls the value: "SECONDS"; empty for a flag
  ValueType type = ValueType::flag;
  std::string_view group{};     // the heading in help: "connection", "message", "output", ...
  std::string_view doc{};       // lower case, no full stop
  std::string_view fallback{};  // the default, written as a user would; empty for none
  Scope scope = Scope::command;
  std::string_view choices{};  // "0|1|2", for ValueType::choice
  std::string_view aliases{};  // further long names, separated by one blank: "pw secret"
  // For ValueType::integer; for a duration in seconds, for a size in bytes.
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  bool repeatable = false;  // keeps every value; another may be given once only
  bool hidden = false;      // parsed, and left out of help and completion
  bool secret = false;      // never shown; overwritten in argv
  bool later = false;  // known from elsewhere and not there yet: refused; `doc` says what it is
};

using OptionTable = std::span<const Option>;

// A word without a dash: "NAME".
struct Operand {
  std::string_view name{};
  std::string_view doc{};
  bool required = false;
  bool repeatable = false;  // takes all that follow; last in its list
};

struct Example {
  std::string_view line{};  // as typed: "mqz pub -t room/temp -m 21.5"
  std::string_view doc{};
};

// What runs: returns the exit status. The tables are searched in order.
using Run = int (*)(const Parsed&);

struct Command {
  std::string_view name{};     // "pub"; for a verb below it only the verb: "passwd"
  std::string_view summary{};  // one line, lower case, no full stop
  std::string_view usage{};    // what follows "mqz NAME": "[flags] [-t TOPIC] -m TEXT"
  std::span<const Example> examples{};
  std::span<const OptionTable> tables{};  // its own first, then those it shares
  std::span<const Operand> operands{};
  std::span<const Command* const> verbs{};
  Run run = nullptr;         // null: comes with a later part, and says so
  bool takes_words = false;  // words after "--" are a command to run, not operands
  bool hidden = false;
  std::string_view notes{};          // more paragraphs for --help, ready to print
  std::span<const ExitRow> exits{};  // beside common_exits, or in their place
  std::string_view by_signal{};      // what 128+n says; empty: it does not end so
};

// The row of that long name or alias, or of that letter; null if there is none.
const Option* find_option(const Command& command, std::string_view name);
const Option* find_option(const Command& command, char letter);

// The letter as it counts for this command: -h is the host where a host is taken, else help.
char letter_of(const Command& command, const Option& option);

const Command* find_command(std::span<const Command* const> among, std::string_view name);

template <typename Visit>
void for_each_option(const Command& command, Visit visit) {
  for (const OptionTable& table : command.tables) {
    for (const Option& option : table) visit(option);
  }
}

// Calls visit(part) for each part of "a|b|c" or "a b c".
template <typename Visit>
void for_each_part(std::string_view list, char separator, Visit visit) {
  while (!list.empty()) {
    const auto end = list.find(separator);
    visit(list.substr(0, end));
    list = end == std::string_view::npos ? std::string_view{} : list.substr(end + 1);
  }
}

}  // namespace mqz::commands
