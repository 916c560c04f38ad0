#include <fmt/core.h>

#include <iterator>

#include "commands/complete.h"
#include "commands/completion_scripts.h"
#include "commands/general_options.h"
#include "commands/parsed.h"
#include "commands/suggest.h"
#include "commands/table.h"
#include "commands/version.h"

namespace mqz::commands {

namespace {

constexpr OptionTable tables[] = {general_options};
constexpr Operand shell_operand[] = {
    {.name = "SHELL", .doc = "bash, zsh or fish", .required = true}};
constexpr Operand word_operand[] = {
    {.name = "WORD", .doc = "what was typed after mqz", .repeatable = true}};
constexpr Example examples[] = {
    {"source <(mqz completion bash)", "for this shell"},
    {"mqz completion fish > ~/.config/fish/completions/mqz.fish", "for every shell to come"},
};

int run_completion(const Parsed& parsed) {
  const std::string& shell = parsed.operands().front();
  if (shell == "bash") return print(bash_completion);
  if (shell == "zsh") return print(zsh_completion);
  if (shell == "fish") return print(fish_completion);
  constexpr std::string_view shells[] = {"bash", "zsh", "fish"};
  return report("completion", Stop{Exit::usage, fmt::format("'{}' is not bash, zsh or fish", shell),
                                   did_you_mean(shell, shells)});
}

int run_complete(const Parsed& parsed) {
  const Completion completion = complete(all_commands(), parsed.operands());
  std::string text;
  for (const auto& candidate : completion.candidates) {
    fmt::format_to(std::back_inserter(text), "{}\t{}\n", candidate.word, candidate.doc);
  }
  fmt::format_to(std::back_inserter(text), ":{}\n", completion.directive);
  return print(text);
}

}  // namespace

constinit const Command completion_command{
    .name = "completion",
    .summary = "print the completion script of a shell",
    .usage = "bash|zsh|fish",
    .examples = examples,
    .tables = tables,
    .operands = shell_operand,
    .run = run_completion,
};

constinit const Command complete_command{
    .name = "__complete",
    .summary = "print the candidates for the last word",
    .usage = "-- WORD...",
    .tables = tables,
    .operands = word_operand,
    .run = run_complete,
    .hidden = true,
};

}  // namespace mqz::commands
