// Input: two bytes for the largest packet, one for the size of the pieces, then a stream. However
// the stream is cut, the frames and the way it ends are the same, and no more is asked for than is
// needed.
#include <algorithm>
#include <string>
#include <vector>

#include "lib/mqtt/decode.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace mqz;
using namespace mqz::mqtt;

struct Cut {
  std::vector<std::string> frames{};
  FrameStatus end{};
  std::size_t left{};
  friend bool operator==(const Cut&, const Cut&) = default;
};

std::string text_of(const Frame& frame) {
  return std::to_string(static_cast<unsigned>(frame.type)) + ' ' + std::to_string(frame.flags) +
         ' ' + std::string(as_text(frame.body));
}

// Takes the frames that `buffer` has whole; returns why it stopped.
FrameResult take_frames(std::string& buffer, std::size_t bytes_max, Cut& cut) {
  for (;;) {
    const FrameResult next = next_frame(as_bytes(buffer), bytes_max);
    if (next.status != FrameStatus::complete) return next;
    MQZ_CHECK(next.frame.bytes <= buffer.size() && next.frame.bytes <= bytes_max);
    cut.frames.push_back(text_of(next.frame));
    buffer.erase(0, next.frame.bytes);
  }
}

Cut cut_in_pieces(std::string_view stream, std::size_t piece, std::size_t bytes_max) {
  Cut cut;
  std::string buffer;
  std::size_t needed = 0;
  for (std::size_t at = 0; at <= stream.size(); at += piece) {
    buffer.append(stream.substr(at, piece));
    const std::size_t before = cut.frames.size();
    const FrameResult stop = take_frames(buffer, bytes_max, cut);
    MQZ_CHECK(needed == 0 || cut.frames.size() > before || stop.bytes_needed == needed);
    needed = stop.bytes_needed;
    MQZ_CHECK(needed == 0 || (needed > buffer.size() && needed <= bytes_max));
    cut.end = stop.status;
    if (stop.status != FrameStatus::incomplete) break;
  }
  // How much of a bad packet has arrived depends on the pieces.
  cut.left = cut.end == FrameStatus::incomplete ? buffer.size() : 0;
  return cut;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::size_t bytes_max = 2 + (std::size_t{data[0]} << 8U | data[1]);
  const std::size_t piece = 1 + std::size_t{data[2]};
  const std::string_view stream = mqz::fuzz::text_of(data + 3, size - 3);
  const Cut whole = cut_in_pieces(stream, std::max<std::size_t>(stream.size(), 1), bytes_max);
  MQZ_CHECK(cut_in_pieces(stream, piece, bytes_max) == whole);
  MQZ_CHECK(cut_in_pieces(stream, 1, bytes_max) == whole);
  return 0;
}
