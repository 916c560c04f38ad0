#include "lib/storage/frame.h"

#include <catch2/catch.hpp>

#include "lib/storage/checksum.h"
#include "tests/simulation/random.h"

using namespace mqz;
using namespace mqz::storage;

namespace {

struct Sample {
  RecordHead head{};
  std::string body{};
};

const std::vector<Sample> samples = {{{1, 1, true, Part::whole}, "hello"},
                                     {{0xFFFF, 255, false, Part::middle}, ""},
                                     {{2, 3, false, Part::last}, std::string(100, 'x')}};

Frame sample_frame(std::uint64_t number = 42) {
  FrameBuilder builder(7, number);
  for (const Sample& sample : samples) builder.add(sample.head, as_bytes(sample.body));
  return builder.take();
}

std::vector<std::byte> copy_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

TEST_CASE("CRC32C is that of RFC 3720, with and without the instruction", "[storage]") {
  const std::vector<std::byte> zeroes(32);
  const std::vector<std::byte> ones(32, std::byte{0xFF});
  CHECK(crc32c(zeroes) == 0x8A9136AA);
  CHECK(crc32c(ones) == 0x62A8AB43);
  CHECK(crc32c(as_bytes("123456789")) == 0xE3069283);
  simulation::Random random(1);
  std::vector<std::byte> bytes(300);
  for (auto& byte : bytes) byte = static_cast<std::byte>(random.next());
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const Bytes some = Bytes(bytes).first(size);
    CHECK(crc32c(some) == crc32c_by_table(some));
    const std::size_t cut = size / 3;
    CHECK(crc32c(some.subspan(cut), crc32c(some.first(cut))) == crc32c(some));
  }
}

TEST_CASE("a frame gives back its records, and each can be read alone", "[storage]") {
  FrameBuilder builder(7, 42);
  CHECK(builder.empty());
  CHECK(builder.bytes() == frame_header_bytes);
  std::vector<std::uint32_t> offsets;
  for (const Sample& sample : samples) {
    offsets.push_back(builder.bytes());
    builder.add(sample.head, as_bytes(sample.body));
  }
  const Frame frame = builder.take();
  CHECK(builder.empty());
  CHECK(builder.next_number() == 43);
  CHECK(frame.buffer.size() % 8 == 0);
  FrameView view;
  REQUIRE(read_frame(frame.view(), view) == FrameFault::none);
  CHECK(view.incarnation() == 7);
  CHECK(view.number() == 42);
  CHECK(view.count() == samples.size());
  RecordReader records(view);
  RecordView record;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    REQUIRE(records.next(record));
    CHECK(as_text(record.body) == samples[i].body);
    CHECK(record.head.type == samples[i].head.type);
    CHECK(record.head.version == samples[i].head.version);
    CHECK(record.head.must_understand == samples[i].head.must_understand);
    CHECK(record.head.part == samples[i].head.part);
    CHECK(record.offset == offsets[i]);
    RecordView alone;
    CHECK(record_bytes(view.bytes().subspan(offsets[i])) ==
          record_header_bytes + samples[i].body.size());
    REQUIRE(read_record(view.bytes().subspan(offsets[i]), alone));
    CHECK(as_text(alone.body) == samples[i].body);
  }
  CHECK_FALSE(records.next(record));
}

TEST_CASE("a frame that is cut anywhere is no frame", "[storage]") {
  const Frame frame = sample_frame();
  FrameView view;
  for (std::size_t size = 0; size < frame.bytes; ++size) {
    CHECK(read_frame(frame.view().first(size), view) == FrameFault::too_short);
  }
}

TEST_CASE("a frame or record with any bit flipped is refused", "[storage]") {
  const Frame frame = sample_frame();
  auto bytes = copy_of(frame.view());
  FrameView view;
  RecordView record;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    CHECK(read_frame(bytes, view) != FrameFault::none);
    if (bit / 8 >= frame_header_bytes && bit / 8 < frame_header_bytes + record_header_bytes + 5)
      CHECK_FALSE(read_record(Bytes(bytes).subspan(frame_header_bytes), record));
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
  }
  CHECK(read_frame(bytes, view) == FrameFault::none);
}

TEST_CASE("a buffer is used again without growing", "[storage]") {
  Frame frame = sample_frame();
  const std::byte* const room = frame.buffer.begin();
  FrameBuilder builder(1);
  builder.reuse(std::move(frame.buffer));
  builder.add({1, 1}, as_bytes("x"));
  CHECK(builder.take().buffer.begin() == room);
}
