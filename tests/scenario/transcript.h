// Reads the transcripts of this folder (the language: README.md) into scenarios, and prints the
// pieces back. Pure: no broker, no codec.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/time.h"

namespace mqz::scenario {

// One word of a packet's text: "qos=1", "retain", "-dup".
struct Field {
  std::string name{};
  std::string value{};  // unescaped; "1" for a flag that is set, "0" for one that is clear
  bool absent{};        // written with a leading minus
  bool quoted{};        // a quoted value is only itself: no ?, $x, ranges
  bool optional{};      // "name?=value": if it is there, then so
  friend bool operator==(const Field&, const Field&) = default;
};

// A packet as text: its name and its fields in order.
struct PacketText {
  std::string name{};  // "CONNECT"
  std::vector<Field> fields{};
  bool exact{};

  // The first field of that name, nullptr if there is none.
  const Field* find(std::string_view wanted) const;
  bool has(std::string_view wanted) const { return find(wanted) != nullptr; }
};

enum class StepKind : unsigned char {
  configure,         // words[0] = word, words[1] = value
  send,              // words[0] = who, packet
  send_raw,          // words[0] = who, words[1] = the bytes
  expect,            // words = who, or who might; packet
  expect_any_order,  // words[0] = who, packet; neighbours belong together
  expect_closed,     // words[0] = who, as in all that follow
  expect_nothing,
  skip_rest,
  drop,
  set_version,  // words[1] = v31, v311 or v5
  advance,      // time
  step_clock,   // time, forwards or backwards
  hold,
  release,
  fill_disk,
  free_disk,
  restart,
  stop,
};

struct Step {
  StepKind kind{};
  int line{};  // in its file, from 1
  std::vector<std::string> words{};
  PacketText packet{};
  Millis time{};
};

struct Scenario {
  std::string name{};
  int line{};
  std::vector<std::string> statements{};  // "MQTT-3.1.2-4", "v311 MQTT-3.1.2-4"
  std::vector<std::string> versions{
      "v5"};  // it is played once for each; a CONNECT that names its own keeps it
  std::vector<Step> steps{};
};

// The scenarios of one file's text. The error names the line.
Result<std::vector<Scenario>> parse_transcript(std::string_view text);

// "PUBLISH topic=t qos=1 retain": what parse_transcript reads.
std::string to_text(const PacketText& packet);

}  // namespace mqz::scenario
