// Names that hide what a thing is, notes to oneself, and paths of one machine.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cctype>

#include "tests/tidy/tree.h"

using namespace mqz::tidy;

namespace {

constexpr std::string_view empty_names[] = {"util",    "utils",   "helper",    "helpers",
                                            "manager", "handler", "processor", "common",
                                            "misc",    "impl",    "context",   "globals"};

// "topic_helper.h" and "TopicHelper" are both {topic, helper}.
std::vector<std::string> parts_of(std::string_view name) {
  std::vector<std::string> parts(1);
  for (const char c : name) {
    const auto letter = static_cast<unsigned char>(c);
    if (c == '_' || c == '-' || c == '.' || c == '/' || std::isupper(letter) != 0)
      parts.emplace_back();
    if (std::isalnum(letter) != 0) parts.back() += static_cast<char>(std::tolower(letter));
  }
  return parts;
}

bool is_empty_name(std::string_view name) {
  const auto parts = parts_of(name);
  return std::any_of(parts.begin(), parts.end(), [](const std::string& part) {
    return std::find(std::begin(empty_names), std::end(empty_names), part) != std::end(empty_names);
  });
}

// The name after "class ", "struct ", "enum class "; empty on other lines.
std::string declared_type(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  for (const std::string_view word : {"enum class ", "enum ", "class ", "struct ", "using "}) {
    if (!line.starts_with(word)) continue;
    line.remove_prefix(word.size());
    if (line.starts_with("[[nodiscard]] ")) line.remove_prefix(14);
    if (line.starts_with("namespace ")) return {};
    const auto end = std::find_if(line.begin(), line.end(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_';
    });
    return {line.begin(), end};
  }
  return {};
}

std::vector<std::string> name_complaints(const File& file) {
  std::vector<std::string> complaints;
  if (is_empty_name(file.path)) complaints.push_back(file.path + ": a name that says nothing");
  if (!file.is_cpp()) return complaints;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const std::string type = declared_type(file.lines[i]);
    if (is_empty_name(type))
      complaints.push_back(at_line(file, i + 1, type + ": a name that says nothing"));
  }
  return complaints;
}

// Written in two parts, so that this file does not complain about itself.
const std::string notes[] = {std::string("TO") + "DO", std::string("FIX") + "ME",
                             std::string("X") + "XX"};
const std::string places[] = {std::string("/wo") + "rk/", std::string("/ho") + "me/",
                              std::string("/ro") + "ot/"};

bool stands_alone(const std::string& line, std::size_t at, std::size_t size) {
  const auto is_word = [&](std::size_t i) {
    return i < line.size() &&
           (std::isalnum(static_cast<unsigned char>(line[i])) != 0 || line[i] == '_');
  };
  return !(at > 0 && is_word(at - 1)) && !is_word(at + size);
}

std::vector<std::string> note_complaints(const File& file) {
  std::vector<std::string> complaints;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const std::string& line = file.lines[i];
    for (const std::string& note : notes) {
      const auto at = line.find(note);
      if (at == std::string::npos || !stands_alone(line, at, note.size())) continue;
      complaints.push_back(at_line(file, i + 1, note + ": do it, or write down why not"));
    }
    for (const std::string& place : places) {
      if (line.find(place) != std::string::npos)
        complaints.push_back(at_line(file, i + 1, place + ": a path of one machine"));
    }
  }
  return complaints;
}

}  // namespace

TEST_CASE("files and types say what they are", "[tidy]") {
  std::vector<std::string> all;
  for (const File& file : tree()) {
    const auto found = name_complaints(file);
    all.insert(all.end(), found.begin(), found.end());
  }
  CHECK(joined(all) == "");
  CHECK(name_complaints(make_file("lib/os/topic_util.h", "")).size() == 1);
  CHECK(name_complaints(make_file("lib/os/a.h", "class TopicManager {\n")).size() == 1);
  CHECK(
      name_complaints(make_file("lib/os/a.h", "enum class [[nodiscard]] MiscThings {\n")).size() ==
      1);
  CHECK(name_complaints(make_file("lib/os/a.h", "class Commonwealth {\n")).empty());
}

TEST_CASE("no notes to oneself and no paths of one machine", "[tidy]") {
  std::vector<std::string> all;
  for (const File& file : tree()) {
    const auto found = note_complaints(file);
    all.insert(all.end(), found.begin(), found.end());
  }
  CHECK(joined(all) == "");
  CHECK(note_complaints(make_file("a.h", "// " + notes[0] + ": later\n")).size() == 1);
  CHECK(note_complaints(make_file("a.h", "mkstemp(\"a" + notes[2] + notes[2] + "\")\n")).empty());
  CHECK(note_complaints(make_file("a.py", "open('" + places[0] + "x')\n")).size() == 1);
}
