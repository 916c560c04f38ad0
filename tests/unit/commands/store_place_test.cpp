#include "commands/store_place.h"

#include <catch2/catch.hpp>

#include "lib/storage/identity.h"
#include "tests/unit/storage/small_store.h"

using namespace mqz;
using namespace mqz::commands;

namespace {

// A store that was just made, in this directory.
void make_store(storage::FakeDisk& disk, const std::string& directory) {
  storage::Texts nobody;
  storage::OpenReport report;
  REQUIRE(storage::open_store(disk, directory, storage::small_options(), 7, nobody, report));
}

}  // namespace

TEST_CASE("the broker's part is below --store DIR, and either may be named later", "[store]") {
  CHECK(broker_part("/var/lib/mqz") == "/var/lib/mqz/broker");
  CHECK(broker_part("here//") == "here/broker");
  CHECK(broker_part("/") == "/broker");
  CHECK(broker_part("pl2//mqz///x/") == "pl2/mqz/x/broker");
  storage::FakeDisk disk;
  make_store(disk, "/store/broker");
  CHECK(find_store(disk, "/store").value() == "/store/broker");
  CHECK(find_store(disk, "/store/broker").value() == "/store/broker");
  CHECK(find_store(disk, "").error().code == Exit::usage);
  CHECK(find_store(disk, "/none").error().code == Exit::unreadable);
  REQUIRE(disk.make_directory("/empty"));
  CHECK(find_store(disk, "/empty").error().code == Exit::unreadable);
}

TEST_CASE("each error of a store has its exit code, and damage the command that repairs",
          "[store]") {
  const std::string directory = "/my store/broker";
  const auto stopped = [&](ErrorCode code) {
    return stop_for_store({code, directory + "/STORE: it is so"}, directory);
  };
  CHECK(stopped(ErrorCode::corrupt).code == Exit::bad_input);
  CHECK(stopped(ErrorCode::corrupt)
            .hint.starts_with("mqz broker store repair --accept-loss '/my store'"));
  CHECK(stopped(ErrorCode::invalid).code == Exit::bad_input);
  CHECK(stopped(ErrorCode::conflict).code == Exit::conflict);
  CHECK(stopped(ErrorCode::not_found).code == Exit::unreadable);
  CHECK(stopped(ErrorCode::refused).code == Exit::unreadable);
  CHECK(stopped(ErrorCode::unavailable).code == Exit::io);
  CHECK(stopped(ErrorCode::io).code == Exit::io);
  // An error of something else keeps its own.
  CHECK(stop_for_store({ErrorCode::refused, "/var/log/x: no"}, directory).code == Exit::refused);
}

TEST_CASE("the command that repairs is one line for a shell", "[store]") {
  CHECK(repair_command("/a/broker") == "mqz broker store repair --accept-loss /a");
  CHECK(repair_command("/it's/broker") == "mqz broker store repair --accept-loss '/it'\\''s'");
  CHECK(repair_command("/it's\n\\/broker") ==
        "mqz broker store repair --accept-loss $'/it\\'s\\n\\\\'");
}

TEST_CASE("a store of a newer format is refused naming both formats", "[store]") {
  storage::FakeDisk disk;
  make_store(disk, "/store/broker");
  const auto newer = storage::encode_identity(7, storage::store_format + 1);
  disk.replace("/store/broker/STORE", newer);
  const auto opened = readable_store(disk, "/store");
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == Exit::bad_input);
  CHECK(opened.error().text.find("format 2; this program reads formats up to 1") !=
        std::string::npos);
  CHECK(opened.error().hint.find("newer mqz") != std::string::npos);
}
