#include "tests/scenario/transcript.h"

#include <catch2/catch.hpp>

using namespace mqz;
using namespace mqz::scenario;

namespace {

std::vector<Step> steps_of(const std::string& lines) {
  const auto scenarios = parse_transcript("# a scenario\n" + lines);
  REQUIRE(scenarios);
  REQUIRE(scenarios->size() == 1);
  return scenarios->front().steps;
}

}  // namespace

TEST_CASE("a transcript is cut into scenarios with names and statements", "[scenario]") {
  const auto scenarios = parse_transcript(
      "// about the file\n\n# one thing [MQTT-3.1.2-2] [v311 MQTT-3.1.2-2]\na> PINGREQ\n# "
      "another\na! drop\n");
  REQUIRE(scenarios);
  REQUIRE(scenarios->size() == 2);
  CHECK(scenarios->front().name == "one thing");
  CHECK(scenarios->front().line == 3);
  CHECK(scenarios->front().statements ==
        std::vector<std::string>{"MQTT-3.1.2-2", "v311 MQTT-3.1.2-2"});
  CHECK(scenarios->back().name == "another");
  CHECK(scenarios->back().steps.front().line == 6);
}

TEST_CASE("the fields of a packet are flags, absences and values", "[scenario]") {
  const std::vector<Step> steps = steps_of(
      "a> PUBLISH retain -dup topic=a/b payload=\"x \\\"y\\\" \\x00=\" prop.user-property=k:v\n");
  REQUIRE(steps.size() == 1);
  CHECK(steps[0].kind == StepKind::send);
  CHECK(steps[0].words == std::vector<std::string>{"a"});
  const std::vector<Field>& fields = steps[0].packet.fields;
  REQUIRE(fields.size() == 5);
  CHECK(fields[0] == Field{"retain", "1", false, false, false});
  CHECK(fields[1] == Field{"dup", "0", true, false, false});
  CHECK(fields[2] == Field{"topic", "a/b", false, false, false});
  CHECK(fields[3] == Field{"payload", std::string("x \"y\" \0=", 8), false, true, false});
  CHECK(fields[4] == Field{"prop.user-property", "k:v", false, false, false});
}

TEST_CASE("a packet's text is printed as it can be read again", "[scenario]") {
  const std::string line =
      "PUBLISH topic=a/b retain -dup prop.topic-alias?=1..2 payload=\"two words\\x00\" qos=1 exact";
  CHECK(to_text(steps_of("a< " + line + "\n")[0].packet) == line);
}

TEST_CASE("raw bytes are hexadecimal, text and repetitions", "[scenario]") {
  const std::vector<Step> steps = steps_of("a> raw 10 0a00 \"MQTT\" ff*3\n");
  CHECK(steps[0].kind == StepKind::send_raw);
  CHECK(steps[0].words[1] == std::string("\x10\x0a\0MQTT\xff\xff\xff", 10));
}

TEST_CASE("every form of line becomes its step", "[scenario]") {
  const std::vector<Step> steps = steps_of(
      "config max_inflight_messages 2\na|b< PUBLISH\na<* PINGRESP\na< CLOSED\na< nothing\na< "
      "...\na! drop\n"
      "a is v31\nat +1500ms\nat +2s\nwall -2h\nbroker stops\n");
  const std::vector<StepKind> expected = {
      StepKind::configure,     StepKind::expect,         StepKind::expect_any_order,
      StepKind::expect_closed, StepKind::expect_nothing, StepKind::skip_rest,
      StepKind::drop,          StepKind::set_version,    StepKind::advance,
      StepKind::advance,       StepKind::step_clock,     StepKind::stop};
  REQUIRE(steps.size() == expected.size());
  for (std::size_t i = 0; i < steps.size(); ++i) CHECK(steps[i].kind == expected[i]);
  CHECK(steps[0].words == std::vector<std::string>{"max_inflight_messages", "2"});
  CHECK(steps[1].words == std::vector<std::string>{"a", "b"});
  CHECK(steps[8].time == Millis(1500));
  CHECK(steps[9].time == Millis(2000));
  CHECK(steps[10].time == -std::chrono::hours(2));
}

TEST_CASE("connects is a CONNECT and its acceptance", "[scenario]") {
  const std::vector<Step> steps = steps_of("a connects clean\nb connects v311\n");
  REQUIRE(steps.size() == 4);
  CHECK(to_text(steps[0].packet) == "CONNECT clean");
  CHECK(to_text(steps[1].packet) == "CONNACK rc=success");
  CHECK(to_text(steps[2].packet) == "CONNECT v311");
}

TEST_CASE("a scenario may be for several versions", "[scenario]") {
  const auto scenarios = parse_transcript("# x\nversions v311 v5\na connects\n# y\na connects\n");
  REQUIRE(scenarios);
  CHECK(scenarios->front().versions == std::vector<std::string>{"v311", "v5"});
  CHECK(scenarios->back().versions == std::vector<std::string>{"v5"});
  CHECK_FALSE(parse_transcript("# x\na connects\nversions v5\n"));
  CHECK_FALSE(parse_transcript("# x\nversions v4\n"));
}

TEST_CASE("a line that is not understood is named", "[scenario]") {
  for (const char* line :
       {"a PUBLISH", "a> raw 1", "a> raw zz", "at 5s", "at +5", "at -5s", "wall 5s",
        "a! disconnect", "a is v4", "a> PUBLISH payload=\"open", "config word", "a< CLOSED now"}) {
    const auto scenarios = parse_transcript(std::string("# x\n\n") + line + "\n");
    INFO(line);
    REQUIRE_FALSE(scenarios);
    CHECK(scenarios.error().text.find("line 3") == 0);
  }
  CHECK_FALSE(parse_transcript("a! drop\n"));
}
