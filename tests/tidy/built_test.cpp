// What is in the tree is built, run and told: nothing can be switched off unseen.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "tests/tidy/tree.h"

using namespace mqz::tidy;

namespace {

std::set<std::string> built_sources() {
  std::set<std::string> sources;
  std::ifstream list(MQZ_BUILT_TEST_SOURCES);
  for (std::string line; std::getline(list, line);) sources.insert("tests/" + line);
  return sources;
}

bool is_executable(const std::string& path) {
  return ::access((std::string(MQZ_SOURCE_DIR "/") + path).c_str(), X_OK) == 0;
}

}  // namespace

TEST_CASE("every test file is built", "[tidy]") {
  const auto built = built_sources();
  REQUIRE(built.count("tests/tidy/built_test.cpp") == 1);
  for (const File& file : tree()) {
    const bool elsewhere = file.in("tests/fuzz/") || file.in("tests/bench/") ||
                           file.in("tests/cli/") || file.in("tests/breaks/") ||
                           file.path == "tests/main.cpp";
    if (!file.in("tests/") || !file.path.ends_with(".cpp") || elsewhere) continue;
    CAPTURE(file.path);
    CHECK(built.count(file.path) == 1);
  }
}

TEST_CASE("files with test cases are named so, and no test is skipped", "[tidy]") {
  // Hidden tests are the long forms, which `packaging/test --long` runs; no other hiding place.
  for (const File& file : tree()) {
    CAPTURE(file.path);
    if (file.in("tests/") && file.path.ends_with(".cpp")) {
      const bool has_tests = file.text.find("\nTEST_CASE(") != std::string::npos;
      if (has_tests) CHECK(file.path.ends_with("_test.cpp"));
      CHECK(file.text.find(std::string("\"[") + '!') == std::string::npos);
      CHECK(file.text.find(std::string("[.") + "]") == std::string::npos);
    }
    if (file.in("tests/cli/") && file.path.ends_with(".py")) {
      CHECK(file.text.find("unittest.skip") == std::string::npos);
      CHECK(file.text.find("skipTest") == std::string::npos);
      const bool has_tests = file.text.find("    def test_") != std::string::npos;
      if (has_tests) CHECK(file.path.ends_with("_test.py"));
    }
  }
}

TEST_CASE("the README's first screen shows commands that are there", "[tidy]") {
  const File* readme = find_file("README.md");
  REQUIRE(readme != nullptr);
  for (const std::string command : {"packaging/quickstart", "packaging/test"}) {
    CAPTURE(command);
    const auto at = readme->text.find(command);
    REQUIRE(at != std::string::npos);
    CHECK(at < 1500);
    CHECK(is_executable(command));
  }
  CHECK(is_executable(".ci/run"));
  CHECK(is_executable("packaging/install-deps"));
}

TEST_CASE("the map names every module of lib", "[tidy]") {
  const File* map = find_file("lib/README.md");
  REQUIRE(map != nullptr);
  std::set<std::string> modules;
  for (const File& file : tree()) {
    if (file.in("lib/") && file.is_cpp())
      modules.insert(file.path.substr(4, file.path.find('/', 4) - 4));
  }
  for (const std::string& module : modules) {
    CAPTURE(module);
    CHECK(map->text.find("`" + module + "/`") != std::string::npos);
  }
}
