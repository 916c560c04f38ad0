// The player itself: what it lets pass, and what it must not.
#include "tests/scenario/run.h"

#include <catch2/catch.hpp>
#include <map>

using namespace mqz;
using namespace mqz::scenario;

namespace {

// Accepts every CONNECT, answers PINGREQ, and closes at anything else.
class TinyBroker final : public BrokerUnderTest {
 public:
  bool configure(const std::string& word, const std::string&) override { return word == "known"; }
  void connect(const std::string& name) override { wires_[name] = {}; }
  void send(const std::string& name, Bytes bytes) override {
    Wire& wire = wires_.at(name);
    const auto first = std::to_integer<unsigned>(bytes[0]);
    if (first == 0x10) {
      wire.output += std::string("\x20\x03\x00\x00\x00", 5);
    } else if (first == 0xC0) {
      wire.output += std::string("\xd0\x00", 2);
    } else {
      wire.closed = true;
    }
  }
  std::string take_output(const std::string& name) override {
    return std::exchange(wires_.at(name).output, {});
  }
  bool is_closed(const std::string& name) override { return wires_.at(name).closed; }
  void drop(const std::string& name) override { wires_.at(name).closed = true; }
  void advance(Millis) override {}
  void step_clock(Millis) override {}
  void hold_publishers(bool) override {}
  void fill_disk(bool) override {}
  void restart() override {}
  void stop() override {}

 private:
  struct Wire {
    std::string output{};
    bool closed = false;
  };
  std::map<std::string, Wire> wires_{};
};

Played play_lines(const std::string& lines) {
  const auto scenarios = parse_transcript("# x\n" + lines);
  REQUIRE(scenarios);
  TinyBroker broker;
  return play(scenarios->front(), "v5", broker);
}

}  // namespace

TEST_CASE("a scenario passes when everything came as expected", "[scenario]") {
  for (const char* lines : {
           "a connects clean\na> PINGREQ\na< PINGRESP\na< nothing\n",
           "a connects clean\na> DISCONNECT\na< CLOSED\na connects clean\n",
           "a connects clean\na! drop\na connects clean\n",
           "a connects\nb connects\na> PINGREQ\na|b< PINGRESP\na< nothing\nb< nothing\n",
           "a> CONNECT\na> PINGREQ\na<* PINGRESP\na<* CONNACK rc=success\n",
           "a connects\na> PINGREQ\na< ...\na< nothing\n",
           "config known 1\na connects\n",
       }) {
    INFO(lines);
    const Played played = play_lines(lines);
    INFO(played.text);
    CHECK(played.outcome == Outcome::passed);
  }
}

TEST_CASE("a scenario fails on what differs, is missing, or is too much", "[scenario]") {
  for (const char* lines : {
           "a> CONNECT\na< CONNACK rc=not-authorized\n",
           "a connects\na< PINGRESP\n",
           "a connects\na> PINGREQ\n",
           "a connects\na> PINGREQ\na< nothing\n",
           "a connects\na< CLOSED\n",
           "a connects\na> DISCONNECT\n",
           "a connects\na> DISCONNECT\na< nothing\n",
           "a connects\na> DISCONNECT\na> PINGREQ\n",
           "a connects\na> PINGREQ\na! drop\n",
           "a connects\nb connects\na|b< PINGRESP\n",
           "a> CONNECT\na<* CONNACK\na<* PINGRESP\n",
           "a connects\na> PUBACK id=$never\n",
       }) {
    INFO(lines);
    CHECK(play_lines(lines).outcome == Outcome::failed);
  }
}

TEST_CASE("a failure names the line and shows what came instead", "[scenario]") {
  const Played played = play_lines("a connects\na> PINGREQ\na< PUBACK id=1\n");
  CHECK(played.text ==
        "line 4: expected PUBACK id=1, but (differs in its name)\n"
        "  a< PINGRESP length=0 size=2");
}

TEST_CASE("a setting that the broker lacks is told apart", "[scenario]") {
  CHECK(play_lines("config unknown 1\na connects\n").outcome == Outcome::not_configurable);
}
