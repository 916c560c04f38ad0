#include "commands/scrub.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "commands/connection_options.h"
#include "commands/general_options.h"
#include "commands/parse.h"

using namespace mqz::commands;

namespace {

int run_nothing(const Parsed&) { return 0; }

constexpr OptionTable tables[] = {connection_options, general_options};
constexpr Command send_command{
    .name = "send", .summary = "send", .tables = tables, .run = run_nothing};
constexpr const Command* all[] = {&send_command};

// The words as a list of processes would show them after scrubbing.
std::vector<std::string> scrubbed(std::vector<std::string> words) {
  const auto outcome = parse(send_command, "send", all, words, Surroundings{{}, "/nowhere"});
  REQUIRE(outcome);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  scrub(outcome->parsed, argv);
  return words;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("a password does not stay in the arguments, however it was written", "[commands]") {
  CHECK(scrubbed({"-u", "joe", "-P", "secret"}) == Words{"-u", "joe", "-P", "xxxxxx"});
  CHECK(scrubbed({"-Psecret"}) == Words{"-Pxxxxxx"});
  CHECK(scrubbed({"--password=secret"}) == Words{"--password=xxxxxx"});
  CHECK(scrubbed({"--pw", "secret"}) == Words{"--pw", "xxxxxx"});
  CHECK(scrubbed({"-L", "mqtt://joe:secret@host/t"}) == Words{"-L", "mqtt://joe:xxxxxx@host/t"});
  CHECK(scrubbed({"--url=mqtt://joe@host"}) == Words{"--url=mqtt://joe@host"});
}

TEST_CASE("the command still has the password that was scrubbed", "[commands]") {
  Words words = {"-P", "secret"};
  const auto outcome = parse(send_command, "send", all, words, Surroundings{{}, "/nowhere"});
  std::vector<char*> argv = {words[0].data(), words[1].data()};
  scrub(outcome->parsed, argv);
  CHECK(words[1] == "xxxxxx");
  CHECK(outcome->parsed.text("password") == "secret");
}
