#include "lib/storage/parts.h"

#include <catch2/catch.hpp>

using namespace mqz;
using namespace mqz::storage;

namespace {

constexpr RecordHead head{3, 1, true, Part::whole};

std::vector<Frame> split(std::uint64_t incarnation, const std::string& body) {
  std::vector<Frame> frames;
  FrameBuilder builder(incarnation);
  builder.add(head, as_bytes("before"));
  add_in_parts(builder, head, as_bytes(body), 10,
               [&](Frame frame) { frames.push_back(std::move(frame)); });
  builder.add(head, as_bytes("behind"));
  frames.push_back(builder.take());
  return frames;
}

void join(PartJoiner& joiner, const Frame& frame, std::vector<std::string>& bodies) {
  FrameView view;
  REQUIRE(read_frame(frame.view(), view) == FrameFault::none);
  RecordReader records(view);
  RecordView record;
  Bytes body;
  while (records.next(record)) {
    if (joiner.add(view, record, body)) bodies.emplace_back(as_text(body));
  }
}

}  // namespace

TEST_CASE("a record larger than a frame is split over frames and joined again", "[storage]") {
  for (std::size_t size = 11; size < 45; ++size) {
    const std::string body(size, 'x');
    const auto frames = split(1, body);
    CHECK(frames.size() == 2 + (size - 1) / 10);
    PartJoiner joiner;
    std::vector<std::string> bodies;
    for (const Frame& frame : frames) join(joiner, frame, bodies);
    CHECK(bodies == std::vector<std::string>{"before", body, "behind"});
    CHECK(joiner.begun() == 0);
  }
}

TEST_CASE("who joins parts knows where they stand", "[storage]") {
  PartJoiner joiner;
  Bytes body;
  std::uint32_t offset = 0;
  for (const Frame& frame : split(1, std::string(25, 'x'))) {
    FrameView view;
    REQUIRE(read_frame(frame.view(), view) == FrameFault::none);
    RecordReader records(view);
    RecordView record;
    while (records.next(record)) {
      if (!joiner.add(view, record, Address{7, ++offset}, body)) continue;
      if (record.head.part == Part::last)
        CHECK(joiner.addresses() == std::vector<Address>{{7, 2}, {7, 3}, {7, 4}});
    }
  }
  CHECK(offset == 5);
}

TEST_CASE("parts of two writers do not mix, and those of a dead one are void", "[storage]") {
  const auto one = split(1, "one one one one");
  const auto two = split(2, "two two two two");
  PartJoiner joiner;
  std::vector<std::string> bodies;
  for (std::size_t i = 0; i < one.size(); ++i) {
    join(joiner, one[i], bodies);
    join(joiner, two[i], bodies);
  }
  CHECK(bodies == std::vector<std::string>{"before", "before", "one one one one", "behind",
                                           "two two two two", "behind"});
  bodies.clear();
  join(joiner, one[0], bodies);
  join(joiner, one[1], bodies);
  CHECK(joiner.begun() == 1);
  joiner.forget(1);
  join(joiner, one[2], bodies);
  CHECK(bodies == std::vector<std::string>{"before", "behind"});
}

TEST_CASE("a record of which any part is missing is never whole", "[storage]") {
  const auto frames = split(1, std::string(45, 'x'));  // 5 parts, and what stands around them
  REQUIRE(frames.size() == 6);
  for (std::size_t gone = 1; gone < frames.size(); ++gone) {
    PartJoiner joiner;
    std::vector<std::string> bodies;
    for (std::size_t index = 0; index < frames.size(); ++index) {
      if (index != gone) join(joiner, frames[index], bodies);
    }
    // The next of the writer.
    FrameBuilder builder(1, 7);
    builder.add(head, as_bytes("next"));
    join(joiner, builder.take(), bodies);
    INFO("without frame " << gone);
    CHECK(bodies == (gone == 5 ? std::vector<std::string>{"before", "next"}
                               : std::vector<std::string>{"before", "behind", "next"}));
    CHECK(joiner.begun() == 0);
    CHECK(joiner.broken() == 1);
  }
}
