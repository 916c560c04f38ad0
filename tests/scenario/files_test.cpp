// Every transcript in this folder can be played: it parses, and what clients send in it can be
// encoded.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <sstream>

#include "tests/scenario/packet_text.h"
#include "tests/scenario/transcript_files.h"

using namespace mqz;
using namespace mqz::scenario;

namespace {

// Any value does for a $x here.
PacketText with_some_values(PacketText packet) {
  for (Field& field : packet.fields) {
    if (is_variable(field)) field.value = "1";
  }
  return packet;
}

void check_expected(const Step& step) {
  static const std::set<std::string> known = {"present", "rc",           "return", "topic",
                                              "payload", "payload-size", "qos",    "id",
                                              "retain",  "dup",          "length", "size"};
  static const std::set<std::string> packets = {"CONNACK",  "PUBLISH",    "PUBACK", "PUBREC",
                                                "PUBREL",   "PUBCOMP",    "SUBACK", "UNSUBACK",
                                                "PINGRESP", "DISCONNECT", "AUTH"};
  CHECK(packets.count(step.packet.name) == 1);
  for (const Field& field : step.packet.fields) {
    INFO(field.name);
    const bool is_property = field.name.rfind("prop.", 0) == 0;
    CHECK((is_property ? mqtt::find_property(std::string_view(field.name).substr(5)) != nullptr
                       : known.count(field.name) == 1));
    if (field.name != "rc" || field.value == "?") continue;
    std::string reasons = field.value;
    std::replace(reasons.begin(), reasons.end(), '|', ',');
    std::istringstream words(reasons);
    for (std::string reason; std::getline(words, reason, ',');)
      CHECK(find_reason(reason).has_value());
  }
}

void check_step(const Step& step, mqtt::Version version) {
  if (step.kind == StepKind::expect || step.kind == StepKind::expect_any_order)
    check_expected(step);
  if (step.kind != StepKind::send) return;
  const PacketText packet = with_some_values(step.packet);
  const Result<std::string> bytes =
      encode_packet(packet, version_of(packet, version), step.words[0]);
  INFO((bytes ? "" : bytes.error().text));
  CHECK(bytes.has_value());
}

}  // namespace

TEST_CASE("every transcript parses, and every packet in it can be sent or received", "[scenario]") {
  const std::vector<TranscriptFile> files = read_transcripts();
  CHECK(files.size() >= 15);
  for (const TranscriptFile& file : files) {
    for (const Scenario& scenario : file.scenarios) {
      for (const std::string& version : scenario.versions) {
        for (const Step& step : scenario.steps) {
          INFO(file.name << ":" << step.line << ": " << scenario.name << " (" << version << ")");
          check_step(step, find_version(version));
        }
      }
    }
  }
}
