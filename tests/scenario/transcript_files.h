// All transcripts of this folder.
#pragma once

#include <string>
#include <vector>

#include "tests/scenario/transcript.h"

namespace mqz::scenario {

struct TranscriptFile {
  std::string name{};  // "connect.txt"
  std::vector<Scenario> scenarios{};
};

// By name. A file that does not parse fails the running test.
std::vector<TranscriptFile> read_transcripts();

}  // namespace mqz::scenario
