#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "lib/mqtt/encode.h"
#include "tests/unit/mqtt/bytes.h"

namespace mqz::mqtt {

namespace {

using testing::wire;

FrameStatus status_of(std::string_view input, std::size_t bytes_max = packet_bytes_max) {
  return next_frame(as_bytes(input), bytes_max).status;
}

std::string varint_bytes(std::uint32_t value) {
  std::byte room[4];
  return std::string(as_text(Bytes(room, encode_varint(value, room))));
}

// Frames of a stream whose bytes arrive in pieces, as a connection would cut them.
std::vector<std::string> frames_of(const std::vector<std::string_view>& pieces) {
  std::vector<std::string> frames;
  std::string buffer;
  for (const std::string_view piece : pieces) {
    buffer.append(piece);
    for (FrameResult cut = next_frame(as_bytes(buffer)); cut.status == FrameStatus::complete;
         cut = next_frame(as_bytes(buffer))) {
      frames.push_back(std::string(packet_name(cut.frame.type)) + std::to_string(cut.frame.flags) +
                       testing::hex(cut.frame.body));
      buffer.erase(0, cut.frame.bytes);
    }
  }
  frames.push_back("left " + testing::hex(buffer));
  return frames;
}

}  // namespace

TEST_CASE("every first byte is allowed or refused by its reserved flags", "[mqtt][frame]") {
  for (unsigned first = 0; first < 256; ++first) {
    const unsigned type = first >> 4U;
    const unsigned flags = first & 0x0FU;
    const bool is_marked = type == 6 || type == 8 || type == 10;
    const bool allowed =
        type == 3 || (type != 0 && !is_marked && flags == 0) || (is_marked && (flags & 7U) == 2);
    INFO(first);
    const std::string whole = testing::bytes_of({first, 0});
    CHECK(status_of(whole) == (allowed ? FrameStatus::complete : FrameStatus::malformed));
    CHECK(status_of(whole.substr(0, 1)) ==
          (allowed ? FrameStatus::incomplete : FrameStatus::malformed));
  }
}

TEST_CASE("a Remaining Length is minimal and has at most four bytes", "[mqtt][frame]") {
  for (const char* wrong : {"30 80 00", "30 80 80 00", "30 80 80 80 00", "30 80 80 80 80",
                            "30 ff ff ff ff", "30 80 80 80 80 01", "30 ff 00", "30 ff ff ff 80"}) {
    INFO(wrong);
    CHECK(status_of(wire(wrong)) == FrameStatus::malformed);
  }
  for (const char* partial : {"", "30", "30 80", "30 80 80", "30 80 80 80", "30 ff ff ff"}) {
    INFO(partial);
    const FrameResult cut = next_frame(as_bytes(wire(partial)));
    CHECK(cut.status == FrameStatus::incomplete);
    CHECK(cut.bytes_needed == 0);
  }
}

TEST_CASE("a known length says how many bytes are needed", "[mqtt][frame]") {
  struct Row {
    std::uint32_t remaining;
    std::size_t header;
  };
  for (const Row row : {Row{1, 2}, Row{127, 2}, Row{128, 3}, Row{16'383, 3}, Row{16'384, 4},
                        Row{2'097'151, 4}, Row{2'097'152, 5}, Row{268'435'455, 5}}) {
    INFO(row.remaining);
    const FrameResult cut = next_frame(as_bytes("0" + varint_bytes(row.remaining)));
    CHECK(cut.status == FrameStatus::incomplete);
    CHECK(cut.bytes_needed == row.header + row.remaining);
    CHECK(varint_size(row.remaining) == row.header - 1);
  }
}

TEST_CASE("a packet above the maximum is refused by its header alone", "[mqtt][frame]") {
  CHECK(status_of(wire("30 7f"), 128) == FrameStatus::too_large);
  CHECK(status_of(wire("30 7f"), 129) == FrameStatus::incomplete);
  CHECK(status_of(wire("30 ff ff ff 7f"), 1'000) == FrameStatus::too_large);
  const std::string small = wire("c0 00");
  CHECK(status_of(small, 2) == FrameStatus::complete);
  CHECK(status_of(small, 1) == FrameStatus::too_large);
}

TEST_CASE("a frame is its body and nothing behind it", "[mqtt][frame]") {
  const std::string stream = wire("3d 03 00 01 61 c0 00");
  const FrameResult cut = next_frame(as_bytes(stream));
  REQUIRE(cut.status == FrameStatus::complete);
  CHECK(cut.frame.type == PacketType::publish);
  CHECK(cut.frame.flags == 0x0D);
  CHECK(testing::hex(cut.frame.body) == "00 01 61");
  CHECK(cut.frame.bytes == 5);
}

TEST_CASE("every cut of a byte stream into three pieces gives the same frames", "[mqtt][frame]") {
  std::string stream = wire("c0 00 30 03 00 01 61 40 02 00 01 62 02 00 07 e0 00");
  stream += "0" + varint_bytes(130) + testing::counted("topic") + std::string(123, 'p');
  stream += wire("d0 00 30");
  const std::string_view all = stream;
  const std::vector<std::string> whole = frames_of({all});
  REQUIRE(whole.size() == 8);
  for (std::size_t first = 0; first <= all.size(); ++first) {
    for (std::size_t second = first; second <= all.size(); ++second) {
      const auto cut =
          frames_of({all.substr(0, first), all.substr(first, second - first), all.substr(second)});
      if (cut != whole) FAIL_CHECK("cut at " << first << " and " << second);
    }
  }
}

TEST_CASE("a stream that arrives byte by byte gives the same frames", "[mqtt][frame]") {
  const std::string stream = wire("10 02 aa bb 30 01 00 62 02 00 01 e0 00 82 01");
  std::vector<std::string_view> bytes;
  for (std::size_t at = 0; at < stream.size(); ++at) {
    bytes.push_back(std::string_view(stream).substr(at, 1));
  }
  CHECK(frames_of(bytes) == frames_of({stream}));
}

}  // namespace mqz::mqtt
