#include "tests/scenario/transcript_files.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace mqz::scenario {

std::vector<TranscriptFile> read_transcripts() {
  std::vector<TranscriptFile> files;
  const std::filesystem::path folder = std::filesystem::path(MQZ_SOURCE_DIR) / "tests/scenario";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".txt") continue;
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    auto scenarios = parse_transcript(text.str());
    INFO(entry.path() << ": " << (scenarios ? "" : scenarios.error().text));
    REQUIRE(scenarios);
    files.push_back({entry.path().filename().string(), *std::move(scenarios)});
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return files;
}

}  // namespace mqz::scenario
