#include "lib/os/disk.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

using namespace mqz;

namespace {

class Directory {
 public:
  Directory() {
    std::string name = std::filesystem::temp_directory_path() / "mqz-disk-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { std::filesystem::remove_all(path); }
  std::string path{};
};

std::string read_all(const os::DiskFile& file) {
  std::string text(file.size().value(), ' ');
  const auto bytes = std::as_writable_bytes(std::span(text));
  CHECK(file.read_at(0, bytes).value() == text.size());
  return text;
}

}  // namespace

TEST_CASE("a file is written in pieces, synced and read anywhere", "[os]") {
  const Directory directory;
  os::Disk& disk = os::real_disk();
  const std::string path = directory.path + "/file";
  const auto file = disk.open(path, os::OpenAs::create).value();
  REQUIRE(file->allocate(10).has_value());
  CHECK(read_all(*file) == std::string(10, '\0'));
  const std::array pieces{as_bytes("ab"), Bytes{}, as_bytes("cde")};
  REQUIRE(file->write_at(3, pieces).has_value());
  file->start_writing(0, 10);
  REQUIRE(file->sync().has_value());
  CHECK(read_all(*file) == std::string("\0\0\0abcde\0\0", 10));
  std::array<std::byte, 8> end{};
  CHECK(file->read_at(6, end).value() == 4);
  CHECK(file->read_at(20, end).value() == 0);
  CHECK(disk.open(path, os::OpenAs::create).error().code == ErrorCode::conflict);
}

TEST_CASE("more pieces than one call of the system takes are written all", "[os]") {
  const Directory directory;
  const auto file = os::real_disk().open(directory.path + "/file", os::OpenAs::create).value();
  std::vector<Bytes> pieces;
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    pieces.push_back(as_bytes(i % 2 == 0 ? "a" : "bc"));
    expected += i % 2 == 0 ? "a" : "bc";
  }
  REQUIRE(file->write_at(0, pieces).has_value());
  CHECK(read_all(*file) == expected);
}

TEST_CASE("names are made, listed, changed and removed", "[os]") {
  const Directory directory;
  os::Disk& disk = os::real_disk();
  const std::string inner = directory.path + "/one/two";
  REQUIRE(disk.make_directory(inner).has_value());
  REQUIRE(disk.make_directory(inner).has_value());
  REQUIRE(disk.open(inner + "/b", os::OpenAs::create).has_value());
  REQUIRE(disk.open(inner + "/a", os::OpenAs::create).has_value());
  REQUIRE(disk.rename(inner + "/b", inner + "/c").has_value());
  REQUIRE(disk.sync_directory(inner).has_value());
  CHECK(disk.list(inner).value() == std::vector<std::string>{"a", "c"});
  REQUIRE(disk.remove(inner + "/a").has_value());
  CHECK(disk.list(inner).value() == std::vector<std::string>{"c"});
  CHECK(disk.free_bytes(inner).value() > 0);
}

TEST_CASE("a disk's refusals have their codes and names", "[os]") {
  const Directory directory;
  os::Disk& disk = os::real_disk();
  const auto missing = disk.open(directory.path + "/none", os::OpenAs::read);
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK(missing.error().text == directory.path + "/none: No such file or directory");
  CHECK(disk.make_directory("/proc/none").error().text.find("/proc/none: ") == 0);
  const auto full = disk.open("/dev/full", os::OpenAs::write).value();
  const std::array piece{as_bytes("x")};
  CHECK(full->write_at(0, piece).error().code == ErrorCode::unavailable);
}

TEST_CASE("a directory that cannot be made is told by the part that cannot", "[os]") {
  const Directory directory;
  REQUIRE(::chmod(directory.path.c_str(), 0555) == 0);
  const std::string path = directory.path + "/mine/broker";
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t nobody = 65534;
    if (::geteuid() == 0 && ::setuid(nobody) != 0) ::_exit(2);
    const auto made = os::real_disk().make_directory(path);
    const std::string text = path + ": cannot make " + directory.path + "/mine: Permission denied";
    const bool is_told =
        !made && made.error().code == ErrorCode::refused && made.error().text == text;
    ::_exit(is_told ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("a lock is held by one, whose number it tells", "[os]") {
  const Directory directory;
  os::Disk& disk = os::real_disk();
  const std::string path = directory.path + "/LOCK";
  auto lock = disk.lock(path).value();
  const auto second = disk.lock(path);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::conflict);
  CHECK(second.error().text == path + ": in use by process " + std::to_string(::getpid()));
  const pid_t child = ::fork();
  if (child == 0) ::_exit(disk.lock(path).has_value() ? 1 : 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  lock.reset();
  CHECK(disk.lock(path).has_value());
}

TEST_CASE("a lock holds without its file", "[os]") {
  const Directory directory;
  os::Disk& disk = os::real_disk();
  const std::string path = directory.path + "/LOCK";
  auto lock = disk.lock(path).value();
  REQUIRE(disk.remove(path).has_value());
  for (int time = 0; time < 2; ++time) {
    const auto second = disk.lock(path);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code == ErrorCode::conflict);
    CHECK(second.error().text == path + ": in use by another process");
    CHECK(disk.lock_to_look(path).error().text == path + ": in use by another process");
  }
  lock.reset();
  CHECK(disk.lock(path).has_value());
}

TEST_CASE("who only looks leaves no file, and keeps away who writes", "[os]") {
  const Directory directory;
  os::Disk& disk = os::real_disk();
  const std::string path = directory.path + "/LOCK";
  auto one = disk.lock_to_look(path).value();
  const auto other = disk.lock_to_look(path).value();
  CHECK(disk.list(directory.path)->empty());
  CHECK(disk.lock(path).error().code == ErrorCode::conflict);
  CHECK(disk.list(directory.path)->empty());
}

// Nothing can be seen of it but that it takes a descriptor.
TEST_CASE("the name of a directory that is there already is synced too", "[os]") {
  const Directory directory;
  os::Disk& disk = os::real_disk();
  REQUIRE(disk.make_directory(directory.path).has_value());
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{0, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const auto made = disk.make_directory(directory.path);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().code == ErrorCode::unavailable);
  CHECK_FALSE(made.error().hint.empty());
}
