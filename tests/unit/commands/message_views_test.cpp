// Counts of messages, and the lines of a terminal that show the last ones.
#include <catch2/catch.hpp>

#include "commands/message_tally.h"
#include "commands/watch_screen.h"

using namespace mqz::commands;

TEST_CASE("a tally lists the topics with most messages, those with as many by name") {
  MessageTally tally;
  for (const char* topic : {"b", "a", "c", "c", "a", "b", "c"}) tally.count(topic, true);
  CHECK(tally.top(2) == "        3 c\n        2 a\n");
  CHECK(tally.top(9) == "        3 c\n        2 a\n        2 b\n");
  CHECK(tally.take_recent() == 7);
  CHECK(tally.take_recent() == 0);
}

TEST_CASE("topics beyond a hundred thousand are counted together") {
  MessageTally tally;
  for (int i = 0; i < 100'005; ++i) tally.count(std::to_string(i), true);
  CHECK(tally.top(1) == "        5 (others)\n");
}

TEST_CASE("a line for a terminal has no control characters and ends at its width") {
  CHECK(fit_line("a\x1b[2Jb\n", 80) == "a.[2Jb.");
  CHECK(fit_line("grün!", 4) == "grün");
  CHECK(fit_line("x", 0).empty());
}

TEST_CASE("a screen has a row for each topic, and none below its last") {
  WatchScreen screen(3, 10);
  std::string out;
  screen.show(out, "a", "a 1");
  CHECK(out == "\x1b[2J\x1b[1;1H\x1b[Ka 1\x1b[2;1H");
  out.clear();
  screen.show(out, "b", "b 1");
  screen.show(out, "a", "a 2");
  CHECK(out == "\x1b[2;1H\x1b[Kb 1\x1b[3;1H\x1b[1;1H\x1b[Ka 2\x1b[3;1H");
  out.clear();
  screen.show(out, "c", "c 1");
  CHECK(out.empty());
}
