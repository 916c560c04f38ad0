#include "lib/os/files.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace mqz;

namespace {

class Directory {
 public:
  Directory() {
    std::string name = std::filesystem::temp_directory_path() / "mqz-files-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { std::filesystem::remove_all(path); }
  std::string path{};
};

}  // namespace

TEST_CASE("a file is read whole and a directory listed in order", "[os]") {
  const Directory directory;
  const std::string text = std::string(40'000, 'x') + '\0' + "end";
  std::ofstream(directory.path + "/b.conf") << text;
  std::ofstream(directory.path + "/a.conf") << "";
  const os::DiskFiles files;
  CHECK(files.read(directory.path + "/b.conf").value() == text);
  CHECK(files.read(directory.path + "/a.conf").value().empty());
  CHECK(files.list(directory.path).value() == std::vector<std::string>{"a.conf", "b.conf"});
}

TEST_CASE("what cannot be read says why", "[os]") {
  const Directory directory;
  const os::DiskFiles files;
  CHECK(files.read(directory.path + "/none").error().code == ErrorCode::not_found);
  CHECK(files.read(directory.path).error().code == ErrorCode::invalid);
  CHECK(files.list(directory.path + "/none").error().code == ErrorCode::not_found);
  CHECK(files.list(directory.path + "/none").error().text.find("/none: ") != std::string::npos);
}
