// Holds tests/statements/*.tsv to what its README says: complete, well-formed, and every test named
// there exists. Prints how many statements are still open.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path tests_folder = fs::path(MQZ_SOURCE_DIR) / "tests";

struct Row {
  std::string id;       // "MQTT-3.1.2-2"
  std::string subject;  // server, client or both
  std::string statement;
  std::string test;  // "open…", "untestable: why", or names separated by "; "
};

// How many statements a section has, and the number of its first one.
struct Section {
  std::string_view name;
  int count;
  int first = 1;
};

constexpr std::array sections_311{
    Section{"1.5.3", 3},  Section{"2.2.2", 2},  Section{"2.3.1", 7},  Section{"3.1.0", 2},
    Section{"3.1.2", 24}, Section{"3.1.3", 11}, Section{"3.1.4", 5},  Section{"3.2.0", 1},
    Section{"3.2.2", 6},  Section{"3.3.1", 12}, Section{"3.3.2", 3},  Section{"3.3.4", 1},
    Section{"3.3.5", 2},  Section{"3.6.1", 1},  Section{"3.8.1", 1},  Section{"3.8.3", 4},
    Section{"3.8.4", 6},  Section{"3.9.3", 2},  Section{"3.10.1", 1}, Section{"3.10.3", 2},
    Section{"3.10.4", 6}, Section{"3.12.4", 1}, Section{"3.14.1", 1}, Section{"3.14.4", 3},
    Section{"4.1.0", 2},  Section{"4.3.1", 1},  Section{"4.3.2", 2},  Section{"4.3.3", 2},
    Section{"4.4.0", 1},  Section{"4.5.0", 2},  Section{"4.6.0", 6},  Section{"4.7.1", 3},
    Section{"4.7.2", 1},  Section{"4.7.3", 4},  Section{"4.8.0", 2},  Section{"6.0.0", 4},
    Section{"7.0.0", 2},  Section{"7.1.1", 1},  Section{"7.1.2", 1},
};

constexpr std::array sections_5{
    Section{"1.5.4", 3},    Section{"1.5.5", 1},  Section{"1.5.7", 1},  Section{"2.1.3", 1},
    Section{"2.2.1", 5, 2}, Section{"2.2.2", 1},  Section{"3.1.0", 2},  Section{"3.1.2", 30},
    Section{"3.1.3", 12},   Section{"3.1.4", 6},  Section{"3.2.0", 2},  Section{"3.2.2", 22},
    Section{"3.3.1", 13},   Section{"3.3.2", 20}, Section{"3.3.4", 10}, Section{"3.4.2", 3},
    Section{"3.5.2", 3},    Section{"3.6.1", 1},  Section{"3.6.2", 3},  Section{"3.7.2", 3},
    Section{"3.8.1", 1},    Section{"3.8.3", 5},  Section{"3.8.4", 8},  Section{"3.9.2", 2},
    Section{"3.9.3", 2},    Section{"3.10.1", 1}, Section{"3.10.3", 2}, Section{"3.10.4", 6},
    Section{"3.11.2", 2},   Section{"3.11.3", 2}, Section{"3.12.4", 1}, Section{"3.14.0", 1},
    Section{"3.14.1", 1},   Section{"3.14.2", 4}, Section{"3.14.4", 3}, Section{"3.15.1", 1},
    Section{"3.15.2", 3},   Section{"4.1.0", 2},  Section{"4.2", 1},    Section{"4.3.1", 1},
    Section{"4.3.2", 5},    Section{"4.3.3", 13}, Section{"4.4.0", 2},  Section{"4.5.0", 2},
    Section{"4.6.0", 6},    Section{"4.7.0", 1},  Section{"4.7.1", 2},  Section{"4.7.2", 1},
    Section{"4.7.3", 4},    Section{"4.8.2", 6},  Section{"4.9.0", 3},  Section{"4.12.0", 7},
    Section{"4.12.1", 2},   Section{"4.13.1", 1}, Section{"4.13.2", 1}, Section{"6.0.0", 4},
};

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + separator.size());
  }
}

std::vector<Row> read_table(const char* name) {
  std::vector<Row> rows;
  std::vector<std::string> lines = split(read_file(tests_folder / "statements" / name), "\n");
  REQUIRE(lines.size() > 2);
  CHECK(lines.front() == "id\tsubject\tstatement\ttest");
  CHECK(lines.back().empty());  // the last line ends with a newline too
  for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
    const std::vector<std::string> cells = split(lines[i], "\t");
    INFO(name << ":" << i + 1 << ": " << lines[i]);
    REQUIRE(cells.size() == 4);
    rows.push_back({cells[0], cells[1], cells[2], cells[3]});
  }
  return rows;
}

template <std::size_t N>
std::set<std::string> expected_ids(const std::array<Section, N>& sections) {
  std::set<std::string> ids;
  for (const Section& section : sections) {
    for (int i = 0; i < section.count; ++i) {
      ids.insert("MQTT-" + std::string(section.name) + "-" + std::to_string(section.first + i));
    }
  }
  return ids;
}

bool starts_with(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}

bool is_open(const Row& row) { return row.test == "open" || starts_with(row.test, "open: "); }
bool is_untestable(const Row& row) { return starts_with(row.test, "untestable"); }

// The string literals, adjacent ones joined, that follow every `word(` in a source.
void collect_literals(const std::string& source, std::string_view word,
                      std::set<std::string>& into) {
  const std::string call = std::string(word) + "(";
  for (std::size_t at = source.find(call); at != std::string::npos;
       at = source.find(call, at + 1)) {
    std::string name;
    std::size_t i = at + call.size();
    for (;; ++i) {
      i = source.find_first_not_of(" \n", i);
      if (i == std::string::npos || source[i] != '"') break;
      for (++i; i < source.size() && source[i] != '"'; ++i) {
        if (source[i] == '\\') ++i;
        name += source[i];
      }
    }
    into.insert(name);
  }
}

std::string tag(std::string_view table, std::string_view id) {
  return table == "mqtt311.tsv" ? "v311 " + std::string(id) : std::string(id);
}

// Everything a row may name, and which statements each scenario says that it holds.
struct Tests {
  std::set<std::string> names;
  std::map<std::string, std::set<std::string>> tags_of_scenario;
};

// A scenario begins with "# its name [tag] [tag]".
void collect_scenarios(const fs::path& path, Tests& tests) {
  for (const std::string& line : split(read_file(path), "\n")) {
    if (!starts_with(line, "# ")) continue;
    const std::size_t bracket = std::min(line.find(" ["), line.size());
    const std::string name = path.filename().string() + ": " + line.substr(2, bracket - 2);
    INFO(name);
    CHECK(tests.names.insert(name).second);  // one scenario has one name
    std::set<std::string>& tags = tests.tags_of_scenario[name];
    for (const std::string& part : split(std::string_view(line).substr(bracket), "[")) {
      const std::size_t end = part.find(']');
      if (end != std::string::npos) tags.insert(part.substr(0, end));
    }
  }
}

void collect_python(const fs::path& path, Tests& tests) {
  for (const std::string& line : split(read_file(path), "\n")) {
    const std::size_t at = line.find("def test_");
    if (at == std::string::npos) continue;
    const std::string name = line.substr(at + 4, line.find('(', at) - at - 4);
    tests.names.insert("tests/cli/" + path.filename().string() + "::" + name);
  }
}

Tests collect_tests() {
  Tests tests;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(tests_folder)) {
    const fs::path& path = entry.path();
    if (path.extension() == ".cpp") collect_literals(read_file(path), "TEST_CASE", tests.names);
    if (path.extension() == ".txt" && path.parent_path().filename() == "scenario")
      collect_scenarios(path, tests);
    if (path.extension() == ".py" && path.parent_path().filename() == "cli")
      collect_python(path, tests);
  }
  return tests;
}

constexpr std::array tables{"mqtt311.tsv", "mqtt5.tsv"};

}  // namespace

TEST_CASE("the statement tables name every normative statement once", "[tidy]") {
  for (const char* table : tables) {
    const std::set<std::string> expected =
        table == tables[0] ? expected_ids(sections_311) : expected_ids(sections_5);
    std::set<std::string> seen;
    for (const Row& row : read_table(table)) {
      INFO(table << ": " << row.id);
      CHECK(expected.count(row.id) == 1);
      CHECK(seen.insert(row.id).second);
      CHECK((row.subject == "server" || row.subject == "client" || row.subject == "both"));
      CHECK_FALSE(row.statement.empty());
    }
    for (const std::string& id : expected) {
      INFO(table << " lacks " << id);
      CHECK(seen.count(id) == 1);
    }
  }
}

TEST_CASE("every test that a statement names exists, and untestable statements say why", "[tidy]") {
  const Tests tests = collect_tests();
  for (const char* table : tables) {
    int open = 0;
    for (const Row& row : read_table(table)) {
      INFO(table << ": " << row.id << ": " << row.test);
      if (is_open(row)) {
        ++open;
      } else if (is_untestable(row)) {
        CHECK(row.test.size() > std::string_view("untestable: ").size());
        CHECK(starts_with(row.test, "untestable: "));
      } else {
        for (const std::string& name : split(row.test, "; ")) {
          INFO("no such test: " << name);
          CHECK(tests.names.count(name) == 1);
        }
      }
    }
    WARN(table << ": " << open << " statements open");
  }
}

TEST_CASE("scenarios and statement tables name each other", "[tidy]") {
  const Tests tests = collect_tests();
  std::map<std::string, std::set<std::string>> tags_in_tables;
  for (const char* table : tables) {
    for (const Row& row : read_table(table)) {
      for (const std::string& name : split(row.test, "; "))
        tags_in_tables[name].insert(tag(table, row.id));
    }
  }
  for (const auto& [name, tags] : tests.tags_of_scenario) {
    INFO(name << ": run tests/statements/fill.py when scenarios changed");
    CHECK(tags_in_tables[name] == tags);
  }
}
