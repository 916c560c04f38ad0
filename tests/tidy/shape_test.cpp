// Lines, files and headers have the shape that house style asks for.
#include <catch2/catch.hpp>
#include <map>

#include "tests/tidy/tree.h"

using namespace mqz::tidy;

namespace {

constexpr std::size_t line_characters_max = 100;  // characters
constexpr std::size_t file_lines_max = 500;       // lines

// Files that are longer, with their length: they may shrink and not grow. Flat tables only.
const std::map<std::string, std::size_t> longer_files = {};

std::size_t characters(const std::string& line) {
  std::size_t count = 0;
  for (const char c : line) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

bool is_code(const File& file) {
  return file.is_cpp() || file.path.ends_with(".py") || file.path.ends_with(".cmake") ||
         file.path.ends_with("CMakeLists.txt") || file.path.find('.') == std::string::npos;
}

std::vector<std::string> line_complaints(const File& file) {
  std::vector<std::string> complaints;
  if (!is_code(file)) return complaints;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const std::string& line = file.lines[i];
    if (characters(line) > line_characters_max)
      complaints.push_back(at_line(file, i + 1, "longer than 100 characters"));
    if (line.find('\t') != std::string::npos) complaints.push_back(at_line(file, i + 1, "a tab"));
    if (line.ends_with(' ')) complaints.push_back(at_line(file, i + 1, "a blank at the end"));
  }
  if (!file.text.empty() && !file.text.ends_with('\n'))
    complaints.push_back(file.path + ": no newline at its end");
  return complaints;
}

std::vector<std::string> length_complaints(const File& file) {
  if (!file.is_cpp() && !file.path.ends_with(".py")) return {};
  const auto longer = longer_files.find(file.path);
  const std::size_t allowed = longer == longer_files.end() ? file_lines_max : longer->second;
  if (file.lines.size() <= allowed) return {};
  return {file.path + ": " + std::to_string(file.lines.size()) + " lines; at most " +
          std::to_string(allowed)};
}

std::vector<std::string> header_complaints(const File& file) {
  std::vector<std::string> complaints;
  if (!file.is_header()) return complaints;
  if (!file.text.starts_with("//"))
    complaints.push_back(file.path + ": does not begin by saying what it is for");
  if (file.text.find("\n#pragma once\n") == std::string::npos)
    complaints.push_back(file.path + ": no #pragma once");
  if (file.text.find("\nusing namespace ") != std::string::npos)
    complaints.push_back(file.path + ": using namespace in a header");
  return complaints;
}

template <typename Check>
std::string complaints_over_tree(Check check) {
  std::vector<std::string> all;
  for (const File& file : tree()) {
    const auto found = check(file);
    all.insert(all.end(), found.begin(), found.end());
  }
  return joined(all);
}

}  // namespace

TEST_CASE("lines have at most 100 characters, no tabs and no blanks at the end", "[tidy]") {
  CHECK(complaints_over_tree(line_complaints) == "");
  CHECK(line_complaints(make_file("a.cpp", std::string(101, 'x') + "\n")).size() == 1);
  CHECK(line_complaints(make_file("a.cpp", std::string(100, 'x') + "\n")).empty());
  CHECK(line_complaints(make_file("a.cpp", "x \n\ty\nz")).size() == 3);
}

TEST_CASE("files have at most 500 lines", "[tidy]") {
  CHECK(complaints_over_tree(length_complaints) == "");
  CHECK(length_complaints(make_file("a.cpp", std::string(501, '\n'))).size() == 1);
  for (const auto& [path, length] : longer_files) {
    CAPTURE(path, length);
    CHECK(find_file(path) != nullptr);
  }
}

TEST_CASE("headers begin with their purpose", "[tidy]") {
  CHECK(complaints_over_tree(header_complaints) == "");
  CHECK(header_complaints(make_file("a.h", "#pragma once\n")).size() == 2);
}
