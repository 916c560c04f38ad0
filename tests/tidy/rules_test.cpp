// Every rule that can be broken has a row in tests/breaks/breaks.tsv, which names the test that
// turns red, and every row a rule.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <set>

#include "tests/tidy/tree.h"

using namespace mqz::tidy;

namespace {

constexpr const char* table = "tests/breaks/breaks.tsv";
constexpr std::string_view header = "break\twhat it breaks\tstatement\ttest that turns red";

std::map<std::string, std::string> rules_in_lib() {
  constexpr std::string_view word = "MQZ_RULE(";
  std::map<std::string, std::string> rules;  // name to file
  for (const File& file : tree()) {
    if (!file.in("lib/") || !file.is_cpp() || file.path == "lib/base/rules.h") continue;
    std::size_t at = 0;
    while ((at = file.text.find(word, at)) != std::string::npos) {
      at += word.size();
      rules.emplace(file.text.substr(at, file.text.find(')', at) - at), file.path);
    }
  }
  return rules;
}

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(std::string(MQZ_SOURCE_DIR "/") + path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// The numbers of the specification's statements, and "-" for what it leaves open.
std::set<std::string> statements() {
  std::set<std::string> numbers{"-"};
  for (const char* numbered : {"tests/statements/mqtt311.tsv", "tests/statements/mqtt5.tsv"}) {
    for (const std::string& line : lines_of(numbered))
      numbers.insert(line.substr(0, line.find('\t')));
  }
  return numbers;
}

std::vector<std::string> columns_of(std::string_view line) {
  std::vector<std::string> columns(1);
  for (const char c : line) {
    if (c == '\t')
      columns.emplace_back();
    else
      columns.back() += c;
  }
  return columns;
}

}  // namespace

TEST_CASE("every rule that can be broken names the test that notices, and every row has a rule") {
  const std::vector<std::string> rows = lines_of(table);
  REQUIRE(rows.size() > 1);
  REQUIRE(rows[0] == header);
  const std::set<std::string> numbers = statements();
  auto rules = rules_in_lib();
  std::vector<std::string> complaints;
  for (std::size_t row = 1; row < rows.size(); ++row) {
    const std::string where = fmt::format("{}:{}: ", table, row + 1);
    const auto columns = columns_of(rows[row]);
    if (columns.size() != 4 || columns[1].empty() || columns[3].empty()) {
      complaints.push_back(where + "not four columns");
      continue;
    }
    if (rules.erase(columns[0]) == 0)
      complaints.push_back(where + columns[0] + ": not in lib/, or twice here");
    if (!numbers.contains(columns[2]))
      complaints.push_back(where + columns[2] + ": no such statement");
  }
  for (const auto& [rule, file] : rules) complaints.push_back(file + ": " + rule + ": no row");
  CHECK(joined(complaints) == "");
}
