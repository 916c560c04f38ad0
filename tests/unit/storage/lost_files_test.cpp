// What somebody has accepted as lost, and what not.
#include "lib/storage/lost_files.h"

#include <catch2/catch.hpp>

#include "tests/unit/storage/small_store.h"

using namespace mqz;
using namespace mqz::storage;

namespace {

const std::string accepted_path = std::string(store_directory) + "/lost/accepted";

// Goes on in further segments.
void grow(FakeDisk& disk) {
  const SmallStore store = reopen(disk);
  FrameBuilder frames(1);
  const std::uint32_t before = store.journal->last_segment();
  MonoTime now(Millis(1000));
  for (int i = 0; i < 100 && store.journal->last_segment() < before + 2; ++i) {
    append(*store.journal, frames, {std::string(700, 'x')});
    store.journal->step(now += Millis(1000));
  }
  REQUIRE(store.journal->last_segment() >= before + 2);
}

}  // namespace

TEST_CASE("a loss is accepted in the segments that are there, not in later ones", "[storage]") {
  FakeDisk disk;
  grow(disk);
  CHECK(accepted_loss(disk, store_directory)->last_segment == 0);
  REQUIRE(accept_loss(disk, store_directory));
  CHECK(as_text(disk.contents(accepted_path)).starts_with("segments up to 3"));
  const AcceptedLoss accepted = *accepted_loss(disk, store_directory);
  CHECK(accepted.last_segment == 3);
  CHECK(accepted.covers(1));
  CHECK(accepted.covers(3));
  CHECK_FALSE(accepted.covers(4));
  grow(disk);
  CHECK(accepted_loss(disk, store_directory)->last_segment == 3);
  REQUIRE(accept_loss(disk, store_directory));
  CHECK(accepted_loss(disk, store_directory)->last_segment == 5);
}

TEST_CASE("where lost/accepted is not as it was written nothing is accepted", "[storage]") {
  FakeDisk disk;
  grow(disk);
  REQUIRE(accept_loss(disk, store_directory));
  const std::string whole(as_text(disk.contents(accepted_path)));
  REQUIRE(whole == "segments up to 3\n");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    disk.replace(accepted_path, as_bytes(whole.substr(0, size)));
    CHECK(accepted_loss(disk, store_directory)->last_segment == 0);
  }
  for (const char* text : {"segments up to -3\n", "segments up to 3x\n", "segments up to \n",
                           "segments up to 99999999999\n", "Segments up to 3\n"}) {
    disk.replace(accepted_path, as_bytes(std::string_view(text)));
    CHECK(accepted_loss(disk, store_directory)->last_segment == 0);
  }
}

TEST_CASE("accepting a loss may stop anywhere and be done again", "[storage]") {
  simulation::Random random(3);
  FakeDisk disk;
  grow(disk);
  REQUIRE(accept_loss(disk, store_directory));
  grow(disk);
  bool is_done = false;
  for (std::uint64_t call = 1; !is_done && call < 100; ++call) {
    const auto copy = disk.kill();
    copy->fail_call(call, ErrorCode::io);
    is_done = accept_loss(*copy, store_directory).has_value();
    const auto after = copy->crash(random);
    const std::uint32_t last = accepted_loss(*after, store_directory)->last_segment;
    CHECK((last == 3 || last == 5));
    if (is_done) CHECK(last == 5);
    REQUIRE(accept_loss(*after, store_directory));
    CHECK(accepted_loss(*after, store_directory)->last_segment == 5);
  }
  CHECK(is_done);
}
