// How large segments are where there is little room, and what is said when there is none.
#include "lib/storage/room.h"

#include <catch2/catch.hpp>

#include "tests/unit/storage/small_store.h"

using namespace mqz;
using namespace mqz::storage;

namespace {

constexpr std::uint64_t kilobyte = 1024;

JournalOptions options() {
  JournalOptions options = small_options();
  options.sizes.segment_bytes = 64 * kilobyte;
  options.sizes.reserve_bytes = 8 * kilobyte;
  options.sizes.first_bytes = 8 * kilobyte;
  options.sizes.least_bytes = 8 * kilobyte;
  return options;
}

std::size_t bytes_of_spare(const FakeDisk& disk) { return disk.contents("/store/spare").size(); }

}  // namespace

TEST_CASE("the next segment takes a sixteenth of what is free, within bounds", "[storage]") {
  const auto spare_with = [](std::uint64_t capacity) {
    FakeDisk disk;
    disk.capacity = capacity;
    reopen(disk, options());
    return bytes_of_spare(disk);
  };
  CHECK(spare_with(10'000 * kilobyte) == 64 * kilobyte);
  CHECK(spare_with(16 * 32 * kilobyte + 9 * kilobyte) == 32 * kilobyte);
  CHECK(spare_with(100 * kilobyte) == 8 * kilobyte);
}

TEST_CASE("a small segment that was prepared is used after a restart", "[storage]") {
  FakeDisk disk;
  disk.capacity = 100 * kilobyte;
  reopen(disk, options());
  disk.capacity = 10'000 * kilobyte;
  SmallStore store = reopen(disk, options());
  CHECK(bytes_of_spare(disk) == 8 * kilobyte);
  FrameBuilder frames(1);
  for (int i = 0; store.journal->last_segment() == 1; ++i) {
    REQUIRE(i < 100);
    append(*store.journal, frames, {std::string(800, 'x')});
    store.journal->step(MonoTime{Millis{i}});
  }
  CHECK(store.journal->segments().find(2)->header.bytes == 8 * kilobyte);
  CHECK(bytes_of_spare(disk) == 64 * kilobyte);
}

TEST_CASE("a disk is full when not even a small segment fits, and that is told", "[storage]") {
  FakeDisk disk;
  disk.capacity = 100 * kilobyte;
  SmallStore store = reopen(disk, options());
  FrameBuilder frames(1);
  for (int i = 0; store.journal->space() == SpaceState::ok; ++i) {
    REQUIRE(i < 200);
    append(*store.journal, frames, {std::string(800, 'x')});
    store.journal->step(MonoTime{Millis{i}});
  }
  CHECK(disk.capacity - disk.used_bytes() < 8 * kilobyte);
  CHECK(store.journal->shortage() ==
        "the store's disk is full: no room for its next segment: 8192 bytes wanted, 3584 bytes "
        "free in /store");
}

TEST_CASE("a disk that has less than it says takes a small segment", "[storage]") {
  FakeDisk disk;
  disk.capacity = 10'000 * kilobyte;
  int asked = 0;
  disk.fault = [&](std::string_view call, const std::string& path) {
    const bool fails = call == "allocate" && path == "/store/spare" && ++asked == 1;
    return fails ? std::optional(ErrorCode::unavailable) : std::nullopt;
  };
  reopen(disk, options());
  CHECK(bytes_of_spare(disk) == 8 * kilobyte);
}

TEST_CASE("segments that are prepared are begun without another descriptor", "[storage]") {
  FakeDisk disk;
  SmallStore store = reopen(disk);
  disk.fault = [](std::string_view call, const std::string&) {
    const bool fails = call == "open" || call == "open_directory";
    return fails ? std::optional(ErrorCode::unavailable) : std::nullopt;
  };
  FrameBuilder frames(1);
  for (int i = 0; store.journal->committed_end() == store.journal->next_position(); ++i) {
    REQUIRE(i < 100);
    append(*store.journal, frames, {std::string(800, 'x')});
    store.journal->step(MonoTime{Millis{i}});
  }
  // The spare, and the reserve.
  CHECK(store.journal->last_segment() == 4);
  CHECK(store.journal->space() == SpaceState::full);
  disk.fault = {};
  store.journal->step(MonoTime{Millis{5000}});
  CHECK(store.journal->committed_end() == store.journal->next_position());
  CHECK_FALSE(store.journal->failure().has_value());
}
